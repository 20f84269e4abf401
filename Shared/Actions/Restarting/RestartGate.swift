public import NIOCore

/// One restart of a bot at a time, decided where the bot is restarted: until the bot has connected again, no further
/// one is carried out. A bot may need long to log in, and programs that ask for a restart with each heartbeat would
/// never let it.
public struct RestartGate: Sendable {
    private let patience: Duration
    private var since: NIODeadline?

    /// - Parameter patience: a bot that has not come back by then may be restarted again.
    public init(patience: Duration) {
        self.patience = patience
    }

    /// Whether a restart that is asked for now is to be carried out; if so it is under way.
    public mutating func begin(at now: NIODeadline) -> Bool {
        if let since, now - since < TimeAmount(patience) { return false }
        since = now
        return true
    }

    /// The bot has connected.
    public mutating func connected() { since = nil }
}
