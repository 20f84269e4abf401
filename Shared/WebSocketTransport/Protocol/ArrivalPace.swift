import NIOCore

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
