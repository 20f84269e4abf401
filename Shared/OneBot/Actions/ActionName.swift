/// An action's name as it was called: what is to be done and, by OneBot 11's suffixes, how ("asynchronous calls", "rate
/// limited calls").
///
/// No maintained implementation knows the suffixes: Perpetua carries them out, and a bot gets the plain name.
public struct ActionName: Sendable, Hashable {
    /// How it is to be carried out.
    public enum Manner: Sendable, Hashable {
        /// The caller waits for the outcome.
        case answered
        /// `_async`: the caller is answered `async` at once.
        case async
        /// `_rate_limited`: the same, and the action waits for its turn where bots are paced.
        case rateLimited
    }

    /// What is to be done: the name that settings, tokens and bots use.
    public let plain: String
    public let manner: Manner

    public init(_ called: String) {
        switch called.utf8.last {
        case UInt8(ascii: "c"): (plain, manner) = Self.reading(called, "_async", .async)
        case UInt8(ascii: "d"): (plain, manner) = Self.reading(called, "_rate_limited", .rateLimited)
        default: (plain, manner) = (called, .answered)
        }
    }

    /// Whether the outcome is told to nobody.
    public var isAnsweredAtOnce: Bool {
        switch manner {
        case .answered: false
        case .async, .rateLimited: true
        }
    }

    /// A suffix alone is a name like any other.
    private static func reading(_ called: String, _ suffix: String, _ manner: Manner) -> (String, Manner) {
        guard called.utf8.count > suffix.utf8.count, called.hasSuffix(suffix) else { return (called, .answered) }
        return (String(called.dropLast(suffix.count)), manner)
    }
}
