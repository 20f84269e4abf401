import Actions
import NIOCore

/// A rate with a burst, counted exactly: in any span of time no more than `burst` plus the rate times the span is
/// taken.
///
/// It keeps one point in time only, at which the bucket will be full again, so that nothing has to be filled as time
/// goes by.
struct TokenBucket {
    /// The time in which one token comes in.
    let interval: TimeAmount
    let burst: Int
    private var full = NIODeadline.uptimeNanoseconds(0)

    init(_ limit: PacingConfiguration.Limit) {
        interval = TimeAmount(limit.rate.interval)
        burst = limit.burst
    }

    /// When there is a token.
    var next: NIODeadline { full - interval * (burst - 1) }

    /// A full one is like a new one, and may be forgotten.
    func isFull(at now: NIODeadline) -> Bool { full <= now }

    /// Takes a token; one that is not there yet is owed.
    mutating func take(at now: NIODeadline) { full = max(full, now) + interval }

    /// When it is full, if nothing more is taken.
    var fullAt: NIODeadline { full }

    /// When the last of so many more tokens will be there.
    func next(after count: Int, at now: NIODeadline) -> NIODeadline {
        max(now, max(full, now) + interval * (count - burst))
    }
}
