import NIOCore

/// When a claim that another edge may hold can be taken. Free at the first look, or after we held it ourselves: at once. Seen held, and then
/// found free: once it has been free for the whole of `grace`, since its holder may only have lost the broker for a moment and come back.
struct ClaimContention {
    let grace: Duration
    private var wasHeld = false
    private var freeSince: NIODeadline?

    init(grace: Duration) { self.grace = grace }

    enum Verdict: Hashable { case take, waitUntil(NIODeadline), lookAgain }

    mutating func looked(isFree: Bool, at now: NIODeadline) -> Verdict {
        guard isFree else {
            wasHeld = true
            freeSince = nil
            return .lookAgain
        }
        guard wasHeld else { return .take }
        let since = freeSince ?? now
        freeSince = since
        let end = since + TimeAmount(grace)
        return end <= now ? .take : .waitUntil(end)
    }

    /// It could not be told: what was seen before stands.
    mutating func couldNotLook() { freeSince = nil }
}
