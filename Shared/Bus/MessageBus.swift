public import NIOCore

/// One connection to a message broker, in AMQP's words. Two implementations: ``InMemoryBus`` and `AMQPBus`; what both promise
/// is stated by the shared suite `MessageBusContract`.
///
/// * Messages of one publisher arrive in one queue in the order they were published.
/// * A handler runs on the event loop it was given, one delivery after another, never inside a call of `publish`.
/// * `publish` never blocks and never suspends: how it ended is told to `then`, on any thread.
/// * What is exclusive to a connection goes with it.
///
/// A connection that is lost is made again, for ever. Exclusive queues are gone then, and their consumers hear `cancelled`; other queues,
/// their bindings and their consumers come back with it, before the first publish. Nothing is published again by the bus itself: what
/// was not confirmed ends as ``PublishOutcome/unknown``, what is published meanwhile as ``PublishOutcome/unreachable(_:)``.
public protocol MessageBus: Sendable {
    /// Makes sure the exchange exists.
    func declare(_ exchange: Exchange) async throws(MessageBusError)

    /// Makes sure the queue exists; for an exclusive one, that it is ours: else ``MessageBusError/locked(_:)``.
    func declare(_ queue: QueueDeclaration) async throws(MessageBusError)

    /// Deletes the queue and what waits in it; its consumers are cancelled. No queue of that name: nothing happens.
    func delete(_ queue: QueueName) async throws(MessageBusError)

    func bind(_ queue: QueueName, to exchange: Exchange, _ pattern: BindingPattern) async throws(MessageBusError)
    func unbind(_ queue: QueueName, from exchange: Exchange, _ pattern: BindingPattern) async throws(MessageBusError)

    /// Delivers the queue's messages to `handler` on `eventLoop`, at most `prefetch` of them not yet acknowledged.
    /// `cancelled` is called once, there too, if the queue goes away under the consumer.
    func consume(
        _ queue: QueueName, prefetch: Int, on eventLoop: any EventLoop,
        cancelled: @escaping @Sendable () -> Void,
        handler: @escaping @Sendable (Delivery) -> Void
    ) async throws(MessageBusError) -> any BusConsumer

    /// Publishes; `then` hears once how it ended, always.
    func publish(
        _ message: Message, to exchange: Exchange, key: RoutingKey, mandatory: Bool,
        then: (@Sendable (PublishOutcome) -> Void)?
    )

    /// How the connection is now.
    var status: BusStatus { get }

    /// Calls `body` with the status as it is now and with each change, in order, on any thread, as long as the bus lives.
    func watch(_ body: @escaping @Sendable (BusStatus) -> Void)

    /// Ends the connection: consumers stop, exclusive queues go, unacknowledged deliveries return to their queues.
    func close() async
}

/// A consumer as its owner holds it.
public protocol BusConsumer: Sendable {
    /// No delivery comes after this returns; what was not acknowledged is delivered again to the next consumer.
    func cancel() async
}

extension MessageBus {
    /// Publishes and waits for how it ended.
    public func publish(
        _ message: Message, to exchange: Exchange, key: RoutingKey, mandatory: Bool = false
    ) async -> PublishOutcome {
        await withCheckedContinuation { continuation in
            publish(message, to: exchange, key: key, mandatory: mandatory) { continuation.resume(returning: $0) }
        }
    }
}
