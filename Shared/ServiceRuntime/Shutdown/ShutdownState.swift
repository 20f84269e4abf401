/// How far stopping has come: the first signal asks for a graceful stop, the second one ends the process at once.
struct ShutdownState: Sendable {
    enum SignalAction: Sendable, Hashable {
        case stopGracefully
        /// The signal is the same request once more, or the process is already stopping for another reason.
        case wait
        case exitAtOnce(code: Int32)
    }

    /// Some senders (`timeout`, terminals with several layers) send one request as two signals. A signal within this
    /// time counts as the same request.
    static let sameRequest = Duration.milliseconds(500)

    private var isStopping = false
    private var firstSignal: ContinuousClock.Instant?

    /// - Returns: true for the first call, when the time for stopping begins.
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
