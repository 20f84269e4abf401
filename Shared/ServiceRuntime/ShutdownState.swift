/// How far the end of the process is: the first signal asks for it, the second one does not wait.
struct ShutdownState: Sendable {
    enum SignalAction: Sendable, Hashable {
        case stopGracefully
        /// Where the process was stopping for another reason, the first signal changes nothing.
        case wait
        case exitAtOnce(code: Int32)
    }

    private var isStopping = false
    private var signals = 0

    /// - Returns: true for the first call: the clock starts now.
    mutating func begin() -> Bool {
        defer { isStopping = true }
        return !isStopping
    }

    mutating func received(signal: Int32) -> SignalAction {
        signals += 1
        if signals > 1 { return .exitAtOnce(code: ExitCode.ended(by: signal)) }
        return isStopping ? .wait : .stopGracefully
    }
}
