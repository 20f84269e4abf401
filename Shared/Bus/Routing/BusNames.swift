#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The name of a queue. Compared byte for byte.
public struct QueueName: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }

    public var description: String { text }

    public static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }
}

/// Words joined by dots that say what a message is. Compared byte for byte.
public struct RoutingKey: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }

    public var description: String { text }

    public static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }
}

extension String {
    /// Names on the bus are bytes (AMQP 0-9-1 §4.2.5.3). `==` on strings also calls equal what is merely canonically
    /// equivalent in Unicode, which would let one queue stand in for another.
    func hasSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        // Not by `elementsEqual`: that takes twenty instructions a byte, and several names are compared to route each
        // message.
        let areSame = utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                guard let left = left.baseAddress, let other = right.baseAddress else { return true }
                return memcmp(left, other, right.count) == 0
            }
        }
        // Every string of Swift's own is contiguous; one that was bridged need not be.
        return (areSame ?? nil) ?? utf8.elementsEqual(other.utf8)
    }
}
