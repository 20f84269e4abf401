/// Where messages are published to (AMQP 0-9-1 §2.1.2): it copies each to the queues whose binding matches.
public struct Exchange: Hashable, Sendable {
    public enum Kind: String, Sendable, Hashable {
        /// The binding is a pattern with `*` and `#`.
        case topic
        /// The binding is the routing key itself.
        case direct
    }

    public let name: String
    public let kind: Kind

    public init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.name.hasSameBytes(as: right.name) && left.kind == right.kind
    }

    /// The nameless exchange every broker has: the routing key is the name of a queue.
    public static let toQueue = Exchange("", .direct)
}
