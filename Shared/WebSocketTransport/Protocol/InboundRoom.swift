import NIOCore

/// The memory for messages that are still arriving, shared by all connections that are given it. Called on any event
/// loop.
public struct InboundRoom: Sendable {
    /// How many bytes an unfinished message may take without asking: most messages come whole.
    static let freeBytes = 16 << 10
    /// A message that takes room has to arrive within this time plus one second for each ``leastBytesPerSecond`` bytes
    /// that have come, so that a stalled one does not keep its room.
    static let grace: Duration = .seconds(30)
    static let leastBytesPerSecond = 16 << 10

    /// Asks for `more` bytes beside the `held` ones the connection has; false where there is no room.
    let take: @Sendable (_ more: Int, _ held: Int) -> Bool
    let give: @Sendable (Int) -> Void

    public init(
        take: @escaping @Sendable (_ more: Int, _ held: Int) -> Bool, give: @escaping @Sendable (Int) -> Void
    ) {
        self.take = take
        self.give = give
    }
}

/// How long a message that takes room may go on arriving: ``InboundRoom/grace``, plus one second for each
/// ``InboundRoom/leastBytesPerSecond`` bytes that have come.
struct ArrivalPace: Equatable {
    private var began: NIODeadline

    init(at now: NIODeadline) { began = now }

    /// We paused reading, so the peer's time begins anew.
    mutating func paused(at now: NIODeadline) { began = now }

    /// When the message has to be complete, as far as the bytes that have come show.
    func deadline(after bytes: Int) -> NIODeadline {
        began + TimeAmount(InboundRoom.grace) + .seconds(Int64(bytes / InboundRoom.leastBytesPerSecond))
    }
}
