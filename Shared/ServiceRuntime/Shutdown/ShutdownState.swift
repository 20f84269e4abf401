/// How far the end of the process is: the first signal asks for it, the second one does not wait.
struct ShutdownState: Sendable {
    enum SignalAction: Sendable, Hashable {
        case stopGracefully
        /// It is the same request once more, or the process is stopping for another reason already.
        case wait
        case exitAtOnce(code: Int32)
    }

    /// Some senders (`timeout`, terminals with several layers) send one request as two signals; only a later one is a second.
    static let sameRequest = Duration.milliseconds(500)

    private var isStopping = false
    private var firstSignal: ContinuousClock.Instant?

    /// - Returns: true for the first call: the clock starts now.
    mutating func begin() -> Bool {
        defer { isStopping = true }
        return !isStopping
    }

    mutating func received(signal: Int32, at now: ContinuousClock.Instant) -> SignalAction {
        if let firstSignal {
            return now - firstSignal < Self.sameRequest ? .wait : .exitAtOnce(code: ExitCode.ended(by: signal))
        }
        firstSignal = now
        return isStopping ? .wait : .stopGracefully
    }
}
