import Foundation
import Glibc

/// What is left of a program's process group once the program itself has ended.
enum ProcessGroup {
    /// Whether anything of the group still runs. Zombies that nobody has reaped yet do not count; those that became our
    /// own children (as they do where we are a container's first process) are reaped.
    static func isAlive(_ group: pid_t) -> Bool {
        while waitpid(-group, nil, WNOHANG) > 0 {}
        guard kill(-group, 0) == 0 else { return false }
        // `try?`: without /proc, `kill` has the last word.
        guard let processes = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else { return true }
        return processes.contains { name in
            guard let pid = pid_t(name) else { return false }
            return isRunning(pid, in: group)
        }
    }

    /// Reads `/proc/PID/stat`: `pid (name) state ppid pgrp …`, where the name may hold anything.
    private static func isRunning(_ pid: pid_t, in group: pid_t) -> Bool {
        // `try?`: the process has ended since it was listed.
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return false }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 2 else { return false }
        return pid_t(fields[2]) == group && fields[0] != "Z" && fields[0] != "X"
    }
}
