#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reports which input was being read when a trap ends the process. One fuzzer runs at a time.
enum CrashReport {
    // `nonisolated(unsafe)`: only the one fuzzer that runs writes both, and the signal handler that reads them runs on
    // the same thread.

    /// The input that is being read.
    nonisolated(unsafe) static var input: UInt64 = 0
    private nonisolated(unsafe) static var line: UnsafeMutableBufferPointer<UInt8>?

    private static let signals = [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE]

    static func begin(_ text: String) {
        end()
        let bytes = Array("\nTrapped. \(text)".utf8)
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = copy.initialize(from: bytes)
        line = copy
        for signal in signals { Glibc.signal(signal, report) }
    }

    static func end() {
        for signal in signals { Glibc.signal(signal, SIG_DFL) }
        line?.deallocate()
        line = nil
    }

    /// Does only what a signal handler may do: no allocation, no lock.
    private static let report: @convention(c) (CInt) -> Void = { number in
        if let line = CrashReport.line { _ = write(2, line.baseAddress, line.count) }
        var rest = CrashReport.input
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { digits in
            var place = 23
            digits[place] = 0x0A
            repeat {
                place -= 1
                digits[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            _ = write(2, digits.baseAddress.map { $0 + place }, 24 - place)
        }
        signal(number, SIG_DFL)
        raise(number)
    }
}
