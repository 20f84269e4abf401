public import NIOCore

/// What is published: bytes, and the properties of AMQP 0-9-1 that Perpetua uses.
public struct Message: Sendable {
    public var body: ByteBuffer
    public var properties: MessageProperties

    public init(_ body: ByteBuffer, _ properties: MessageProperties = MessageProperties()) {
        self.body = body
        self.properties = properties
    }
}

/// A message as a consumer gets it. Until it is acknowledged it counts against the consumer's prefetch; if the consumer
/// goes first, it is delivered again (`redelivered`).
public struct Delivery: Sendable {
    public let message: Message
    public let exchange: String
    public let routingKey: RoutingKey
    public let redelivered: Bool
    private let onAcknowledge: @Sendable () -> Void

    public var body: ByteBuffer { message.body }
    public var properties: MessageProperties { message.properties }

    public init(
        _ message: Message, exchange: String, routingKey: RoutingKey, redelivered: Bool,
        onAcknowledge: @escaping @Sendable () -> Void
    ) {
        self.message = message
        self.exchange = exchange
        self.routingKey = routingKey
        self.redelivered = redelivered
        self.onAcknowledge = onAcknowledge
    }

    /// Says that the message is safe with us; the bus forgets it. A second call does nothing.
    public func acknowledge() { onAcknowledge() }
}
