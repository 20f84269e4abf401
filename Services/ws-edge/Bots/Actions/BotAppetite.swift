import NIOCore

/// How large a message a bot takes, learnt from a connection that it closed because of one (1009): the same message
/// again would cut it off again, for everybody.
struct BotAppetite {
    /// Every bot we know takes messages up to this size; a bot that closes with 1009 after smaller ones means something
    /// else.
    private static let leastRefused = 1 << 20
    /// How long a refusal counts; after that the bot may have been given a larger limit.
    private static let memory = TimeAmount.minutes(10)

    /// The largest message sent over the present connection.
    private var largest = 0
    private var refused: (bytes: Int, until: NIODeadline)?

    mutating func sent(_ bytes: Int) { if bytes > largest { largest = bytes } }

    /// The connection is gone; `code` where the bot closed it.
    /// - Returns: whether something was learnt.
    mutating func ended(_ code: UInt16?, at now: NIODeadline) -> Bool {
        defer { largest = 0 }
        guard code == 1009, largest >= Self.leastRefused else { return false }
        refused = (largest, now + Self.memory)
        return true
    }

    /// The size from which on messages are not worth sending; `nil`: every size is.
    func limit(at now: NIODeadline) -> Int? { refused.flatMap { $0.until > now ? $0.bytes : nil } }
}
