import Synchronization

/// The bytes of messages that are still arriving, of all connections of the process together (`edge.inbound_budget`).
/// What has arrived is bounded elsewhere.
public final class InboundBudget: Sendable {
    /// Who asks. Bots may take all of it, everybody else three quarters: many clients cannot keep a bot's event out.
    public enum Share: Sendable, Hashable { case bots, clients }

    /// An incomplete message, over WebSocket or HTTP, is given up after this time plus one second for each
    /// ``leastBytesPerSecond`` bytes that have arrived.
    public static let grace: Duration = .seconds(30)
    public static let leastBytesPerSecond = 16 << 10

    private let limit: Int
    private let used = Atomic<Int>(0)

    public init(limit: Int) { self.limit = limit }

    public var bytes: Int { used.load(ordering: .relaxed) }

    /// Takes room for `more` bytes of a message that has `held` bytes already; false where there is none. A message
    /// that arrives alone always gets it, however small the budget.
    public func take(_ more: Int, beside held: Int, for share: Share) -> Bool {
        let most =
            switch share {
            case .bots: limit
            case .clients: limit / 4 * 3
            }
        let total = used.wrappingAdd(more, ordering: .relaxed).newValue
        if total <= most || total == more + held { return true }
        give(more)
        return false
    }

    public func give(_ bytes: Int) { used.wrappingSubtract(bytes, ordering: .relaxed) }

    /// Whether a message of which `bytes` have arrived after `time` is too slow for the room it takes.
    public static func isTooSlow(_ bytes: Int, after time: Duration) -> Bool {
        time > grace + .seconds(bytes / leastBytesPerSecond)
    }
}
