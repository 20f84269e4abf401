/// Words joined by dots that say what a message is. Compared byte for byte.
public struct RoutingKey: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }

    public var description: String { text }

    public static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }
}
