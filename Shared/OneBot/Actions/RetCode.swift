/// The number in a response that says how an action ended; ``FailureReason`` is why it failed. Ours are the HTTP status
/// + 1000, as OneBot 11 has it. A number, once released, is not reused.
public struct RetCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Done.
    public static let ok = RetCode(rawValue: 0)
    /// Accepted; the result will not be known.
    public static let async = RetCode(rawValue: 1)
    /// A malformed frame or body; a parameter missing, of the wrong type or too long.
    public static let badRequest = RetCode(rawValue: 1400)
    /// No token, or no caller.
    public static let unauthorized = RetCode(rawValue: 1401)
    /// A wrong token, or one whose scope does not include this.
    public static let forbidden = RetCode(rawValue: 1403)
    /// No such path, action or client.
    public static let notFound = RetCode(rawValue: 1404)
    /// A content type we do not read.
    public static let notAcceptable = RetCode(rawValue: 1406)
    /// The name is taken.
    public static let conflict = RetCode(rawValue: 1409)
    /// A body, frame or message over the limit.
    public static let tooLarge = RetCode(rawValue: 1413)
    /// A rate limit; `data.retry_after_ms` says when to come back.
    public static let rateLimited = RetCode(rawValue: 1429)
    /// The bot answered, but its answer cannot be read.
    public static let unreadableAnswer = RetCode(rawValue: 1502)
    /// The registry, the broker or the bot cannot be reached now.
    public static let unavailable = RetCode(rawValue: 1503)
    /// The bot did not answer in time.
    public static let timedOut = RetCode(rawValue: 1504)
}
