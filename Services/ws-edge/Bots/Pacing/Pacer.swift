import Actions
import NIOCore

/// Releases actions no faster than the limits for the bot, and for the chat that each action is for, allow. What has to
/// wait waits fairly (``FairQueue``), up to a bound and for a time.
///
/// Whoever holds it calls ``next(at:)`` as long as that gives something, and again when ``nextRelease`` has come;
/// ``expire(at:)`` when ``nextDeadline`` has.
struct Pacer<Item> {
    /// What is known of an action that is to wait for its turn.
    struct Request {
        var asker: String
        var chat: PacedChat?
        /// 0 to 9, the higher the sooner.
        var priority = 0
        var bytes = 0
        /// How long the asker lets it wait; `nil`: as long as the settings do.
        var expiration: Duration?
    }

    /// Too many wait.
    struct Refusal: Hashable {
        /// How long until the actions that wait now may all have gone.
        let retryAfter: Duration
        /// The place it would have had.
        let position: Int
    }

    enum Addition {
        /// Perhaps only until ``Pacer/next(at:)`` is called.
        case waits
        case refused(Refusal)
        /// It waits in the place of the last action of the asker that has most waiting.
        case displaces(Item, Refusal)
    }

    struct Release {
        let item: Item
        let arrived: NIODeadline
    }

    private let maxWait: Duration
    private let maxCount: Int
    private let maxBytes: Int
    private var bot: TokenBucket?
    private var chats: ChatBuckets?
    private var queue = FairQueue<Item>()
    private var lastNumber: UInt64 = 0
    /// Nothing that waits may go before that, so the queue is not searched before.
    private(set) var nextRelease: NIODeadline?
    /// No action that waits has a deadline before that.
    private(set) var nextDeadline: NIODeadline?

    /// - Parameter maxBytes: how large those that wait may be together; one larger action always fits.
    init(_ configuration: PacingConfiguration, maxBytes: Int = 64 << 20) {
        maxWait = configuration.maxWait
        maxCount = configuration.maxQueued
        self.maxBytes = maxBytes
        bot = configuration.bot.map { TokenBucket($0) }
        chats = configuration.chat.map { ChatBuckets($0) }
    }

    var count: Int { queue.count }

    /// Lets an action wait. No asker can keep the others out: where the queue is full, an asker with fewer actions in
    /// it takes the last place of the asker with most.
    mutating func add(_ item: Item, _ request: Request, at now: NIODeadline) -> Addition {
        if queue.count >= maxCount || (queue.count > 0 && queue.bytes + request.bytes > maxBytes) {
            let refusal = Refusal(retryAfter: estimate(request.chat, at: now), position: queue.count + 1)
            guard queue.bytes + request.bytes <= maxBytes,
                let last = queue.removeLast(ofOneWithMoreThan: queue.count(from: request.asker) + 1)
            else { return .refused(refusal) }
            append(item, request, at: now)
            return .displaces(last.item, refusal)
        }
        append(item, request, at: now)
        return .waits
    }

    private mutating func append(_ item: Item, _ request: Request, at now: NIODeadline) {
        lastNumber += 1
        let deadline = now + TimeAmount(min(maxWait, request.expiration ?? maxWait))
        queue.append(
            FairQueue.Entry(item: item, number: lastNumber, arrived: now, deadline: deadline, bytes: request.bytes),
            from: request.asker, to: request.chat, priority: request.priority)
        nextRelease = min(nextRelease ?? .distantFuture, Self.release(of: request.chat, bot, chats, at: now))
        nextDeadline = min(nextDeadline ?? deadline, deadline)
    }

    /// Takes out the next action that may go now. From here on it counts against the limits.
    mutating func next(at now: NIODeadline) -> Release? {
        guard let nextRelease, nextRelease <= now else { return nil }
        let first = popReady(at: now)
        if let first {
            bot?.take(at: now)
            if let chat = first.chat { chats?.take(chat, at: now) }
            // Perhaps nothing may go then, and the next call finds the later time.
            self.nextRelease = max(now, bot?.next ?? now)
        } else {
            self.nextRelease = queue.chats.map { Self.release(of: $0, bot, chats, at: now) }.min()
        }
        forgetTimesIfEmpty()
        return first.map { Release(item: $0.entry.item, arrived: $0.entry.arrived) }
    }

    /// Takes out what has waited too long.
    mutating func expire(at now: NIODeadline) -> [Item] {
        guard let nextDeadline, nextDeadline <= now else { return [] }
        let late = queue.removeExpired(at: now)
        self.nextDeadline = queue.earliestDeadline
        forgetTimesIfEmpty()
        return late.map(\.item)
    }

    /// Everything that waits, in the order it came; nothing waits afterwards. Actions that have gone still count
    /// against the limits.
    mutating func removeAll() -> [Item] {
        let all = queue.removeAll()
        forgetTimesIfEmpty()
        return all.map(\.item)
    }

    /// How long until everything that waits for the bot and for that chat, and one action more, may have gone.
    func estimate(_ chat: PacedChat?, at now: NIODeadline) -> Duration {
        let ofBot = bot?.next(after: queue.count + 1, at: now) ?? now
        let ofChat = chat.flatMap { chats?.next($0, after: queue.count(of: $0) + 1, at: now) } ?? now
        return max(.milliseconds(1), .nanoseconds((max(ofBot, ofChat) - now).nanoseconds))
    }

    /// The copies of the buckets end with this method, before a bucket is changed; so changing it does not copy their
    /// storage.
    private mutating func popReady(at now: NIODeadline) -> (entry: FairQueue<Item>.Entry, chat: PacedChat?)? {
        let (bot, chats) = (bot, chats)
        return queue.popFirst { Self.release(of: $0, bot, chats, at: now) <= now }
    }

    private static func release(
        of chat: PacedChat?, _ bot: TokenBucket?, _ chats: ChatBuckets?, at now: NIODeadline
    ) -> NIODeadline {
        let ofChat = chat.flatMap { chats?.next($0) } ?? now
        return max(now, max(ofChat, bot?.next ?? now))
    }

    private mutating func forgetTimesIfEmpty() {
        guard queue.count == 0 else { return }
        nextRelease = nil
        nextDeadline = nil
    }
}
