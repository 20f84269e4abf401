/// Which routing keys a queue wants: words joined by dots, `*` for any one word, `#` for any number of words, none
/// included (AMQP 0-9-1 §3.1.3.3). On a direct exchange the key has to be equal to it.
public struct BindingPattern: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }

    public var description: String { text }

    public static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }

    /// Whether a topic exchange copies a message with that key here.
    ///
    /// `*` and `#` are special as whole words only. Like RabbitMQ, the empty key has no words, and `a..b` has an empty
    /// one in the middle. Costs at most words of the pattern × words of the key: on a mismatch only the latest `#`
    /// takes one word more, since whatever an earlier one could take in addition, the latest could as well.
    public func matches(_ key: RoutingKey) -> Bool {
        let pattern = Self.words(of: text)
        let words = Self.words(of: key.text)
        var inPattern = 0
        var inKey = 0
        var latestHash: (afterIt: Int, wordsEnd: Int)?
        while inKey < words.count {
            if inPattern < pattern.count, pattern[inPattern].elementsEqual("#".utf8) {
                inPattern += 1
                latestHash = (inPattern, inKey)
            } else if inPattern < pattern.count, Self.matches(pattern[inPattern], words[inKey]) {
                inPattern += 1
                inKey += 1
            } else if let hash = latestHash {
                latestHash = (hash.afterIt, hash.wordsEnd + 1)
                inPattern = hash.afterIt
                inKey = hash.wordsEnd + 1
            } else {
                return false
            }
        }
        return pattern[inPattern...].allSatisfy { $0.elementsEqual("#".utf8) }
    }

    private static func matches(_ word: Substring.UTF8View, _ keyWord: Substring.UTF8View) -> Bool {
        word.elementsEqual("*".utf8) || word.elementsEqual(keyWord)
    }

    private static func words(of text: String) -> [Substring.UTF8View] {
        if text.isEmpty { return [] }
        return text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    }
}
