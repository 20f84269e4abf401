import OneBot

/// How long whoever calls a bot waits for the answer: the bot's time, which begins when the action is sent to it, and before that the time it may
/// wait for its turn. All processes read the same settings, so edge and gateway agree.
public struct ActionPatience: Sendable {
    /// The edge that holds the bot's link lets a paced action wait, measures the bot's time from sending and answers 1504 itself. Whoever asked
    /// waits so much longer, and then says 1504 in its place: the answer was lost on its way.
    public static let grace: Duration = .seconds(1)

    public let timeouts: ActionTimeouts
    public let pacing: PacingConfiguration

    public init(timeouts: ActionTimeouts, pacing: PacingConfiguration) {
        self.timeouts = timeouts
        self.pacing = pacing
    }

    /// - Parameter action: as it was called.
    public func patience(for action: String) -> Duration {
        let name = ActionName(action)
        return timeouts.timeout(of: name.plain) + (pacing.paces(name) ? pacing.maxWait : .zero)
    }
}
