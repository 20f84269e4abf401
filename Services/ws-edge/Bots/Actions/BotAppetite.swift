import NIOCore

/// How large a message a bot takes, learnt from a connection that it closed because of one (1009): the same message again would cut
/// it off again, for everybody.
struct BotAppetite {
    /// No bot known takes less; a bot that says so of a smaller one means something else.
    private static let leastRefused = 1 << 20
    /// It may have been given a larger limit meanwhile.
    private static let memory = TimeAmount.minutes(10)

    /// The largest message sent over the connection there is.
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

    /// From that size on messages are not worth sending; `nil`: any is.
    func limit(at now: NIODeadline) -> Int? { refused.flatMap { $0.until > now ? $0.bytes : nil } }
}
