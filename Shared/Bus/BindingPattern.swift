/// Which routing keys a queue wants: words joined by dots, `*` for any one word, `#` for any number of words, none included
/// (AMQP 0-9-1 §3.1.3.3). On a direct exchange it is compared as it stands.
public struct BindingPattern: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }

    public var description: String { text }

    public func matches(_ key: RoutingKey) -> Bool { fatalError("unwritten") }
}
