import Foundation

/// Who has the database: SQLite's lock on the file (https://www.sqlite.org/lockingv3.html), looked at without taking
/// it.
enum StoreLock {
    /// The bytes that SQLite locks: pending, reserved, and those shared among readers. A registry holds all of them for
    /// as long as it runs.
    private static let start: off_t = 0x4000_0000
    private static let length: off_t = 512

    /// The process that holds the lock on that file; `nil` where no other one does, 0 where its number is not known
    /// here (it runs in another container).
    ///
    /// Not for a process that has the file open already: closing it here would end its lock (POSIX).
    static func holder(of path: String) -> pid_t? {
        let file = open(path, O_RDWR | O_CLOEXEC)
        // The file is not there yet, or we may not read it: opening it later says what is wrong.
        guard file >= 0 else { return nil }
        defer { close(file) }
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = start
        lock.l_len = length
        guard fcntl(file, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) else { return nil }
        return max(0, lock.l_pid)
    }
}
