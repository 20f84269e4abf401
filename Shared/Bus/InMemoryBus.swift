public import NIOCore

/// The embedded broker: what ``InMemoryBus`` connections of one process share.
public final class InMemoryBroker: Sendable {
    /// - Parameter maxMessageBytes: a larger body is ``PublishOutcome/rejected(_:)``.
    public init(maxMessageBytes: Int = 16 << 20) { fatalError("unwritten") }

    public func connect() -> InMemoryBus { fatalError("unwritten") }
}

/// One connection to an ``InMemoryBroker``: the same rules as AMQP, in one process. Its overflow is backpressure: a message
/// over a queue's bound is kept, and confirmed only once there is room.
public final class InMemoryBus: MessageBus {
    public func declare(_ exchange: Exchange) async throws(MessageBusError) { fatalError("unwritten") }
    public func declare(_ queue: QueueDeclaration) async throws(MessageBusError) { fatalError("unwritten") }
    public func delete(_ queue: QueueName) async throws(MessageBusError) { fatalError("unwritten") }
    public func bind(
        _ queue: QueueName, to exchange: Exchange, _ pattern: BindingPattern
    ) async throws(MessageBusError) { fatalError("unwritten") }
    public func unbind(
        _ queue: QueueName, from exchange: Exchange, _ pattern: BindingPattern
    ) async throws(MessageBusError) { fatalError("unwritten") }
    public func consume(
        _ queue: QueueName, prefetch: Int, on eventLoop: any EventLoop,
        cancelled: @escaping @Sendable () -> Void,
        handler: @escaping @Sendable (Delivery) -> Void
    ) async throws(MessageBusError) -> any BusConsumer { fatalError("unwritten") }
    public func publish(
        _ message: Message, to exchange: Exchange, key: RoutingKey, mandatory: Bool,
        then: (@Sendable (PublishOutcome) -> Void)?
    ) { fatalError("unwritten") }
    public func close() async { fatalError("unwritten") }
}
