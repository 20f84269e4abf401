import Actions
import NIOCore

/// A bucket for each chat that is not full; those that are full again are forgotten, so that memory does not grow with
/// the chats there ever were.
struct ChatBuckets {
    private let rate: PacingConfiguration.Limit
    private let maxCount: Int
    private var buckets: [PacedChat: TokenBucket] = [:]
    private var sweepAt = 64

    /// - Parameter maxCount: where there are more at once, those that are soonest full are forgotten before they are
    ///   full.
    init(_ rate: PacingConfiguration.Limit, maxCount: Int = 65_536) {
        self.rate = rate
        self.maxCount = maxCount
    }

    var count: Int { buckets.count }

    /// When the chat may be spoken to.
    func next(_ chat: PacedChat) -> NIODeadline { buckets[chat]?.next ?? .uptimeNanoseconds(0) }

    /// When the last of so many more actions may go to the chat.
    func next(_ chat: PacedChat, after count: Int, at now: NIODeadline) -> NIODeadline {
        (buckets[chat] ?? TokenBucket(rate)).next(after: count, at: now)
    }

    mutating func take(_ chat: PacedChat, at now: NIODeadline) {
        if buckets[chat] == nil, buckets.count >= min(sweepAt, maxCount) { sweep(at: now) }
        buckets[chat, default: TokenBucket(rate)].take(at: now)
    }

    /// Forgets buckets that are full again. It runs when there are twice as many as it left the last time.
    private mutating func sweep(at now: NIODeadline) {
        buckets = buckets.filter { !$0.value.isFull(at: now) }
        if buckets.count >= maxCount {
            let kept = buckets.sorted { $0.value.fullAt > $1.value.fullAt }.prefix(maxCount / 2)
            buckets = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
        }
        sweepAt = max(64, buckets.count * 2)
    }
}
