/// How long whoever calls a bot waits for the answer: the bot's time, which begins when the action is sent to it, and before that the time it may
/// wait for its turn. All processes read the same settings, so edge and gateway agree.
public struct ActionPatience: Sendable {
    public let timeouts: ActionTimeouts
    public let pacing: PacingConfiguration

    public init(timeouts: ActionTimeouts, pacing: PacingConfiguration) {
        self.timeouts = timeouts
        self.pacing = pacing
    }

    public func patience(for action: String) -> Duration {
        timeouts.timeout(of: action) + (pacing.paces(action) ? pacing.maxWait : .zero)
    }
}
