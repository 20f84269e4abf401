import NIOCore

/// The room there is for messages that are still arriving, shared by all connections it is given to. Called on any
/// event loop.
public struct InboundRoom: Sendable {
    /// What an unfinished message may take without asking: most come whole.
    static let freeBytes = 16 << 10
    /// A message that takes room has so long to arrive, and a second more for each so many bytes that came: room is not
    /// to be held by standing still.
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

/// How long a message that takes room may go on arriving: a grace, and a second more for each so many bytes that came.
struct ArrivalPace: Equatable {
    private var began: NIODeadline

    init(at now: NIODeadline) { began = now }

    /// Reading was paused, by us: the time of the peer begins anew.
    mutating func paused(at now: NIODeadline) { began = now }

    /// When it has to be whole, as far as can be said by what has come.
    func deadline(after bytes: Int) -> NIODeadline {
        began + TimeAmount(InboundRoom.grace) + .seconds(Int64(bytes / InboundRoom.leastBytesPerSecond))
    }
}
