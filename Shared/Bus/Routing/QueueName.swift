/// The name of a queue. Compared byte for byte.
public struct QueueName: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }

    public var description: String { text }

    public static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }
}
