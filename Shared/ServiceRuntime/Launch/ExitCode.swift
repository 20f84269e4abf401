/// How a process ends; 64 and 78 as in `sysexits.h`.
enum ExitCode {
    static let success: Int32 = 0
    /// A service failed, or could not start.
    static let failure: Int32 = 1
    static let badCommandLine: Int32 = 64
    static let badSettings: Int32 = 78

    /// As a shell reports a process that a signal ended.
    static func ended(by signal: Int32) -> Int32 { 128 + signal }
}
