public import NIOCore
import Synchronization

/// One connection to an ``InMemoryBroker``: the same rules as AMQP, in one process. Its overflow is backpressure: a
/// message over a queue's bound is kept, in order, and confirmed only once it is within it; a publisher bounds itself
/// by the number of confirms it waits for. A message larger than the whole bound passes when it is first in the queue.
///
/// `then` of a publish may be called before `publish` returns.
public final class InMemoryBus: MessageBus {
    private let broker: InMemoryBroker
    private let connection: ConnectionID
    private let watchers = Mutex<[@Sendable (BusStatus) -> Void]>([])

    init(_ broker: InMemoryBroker, _ connection: ConnectionID) {
        self.broker = broker
        self.connection = connection
    }

    public func declare(_ exchange: Exchange) async throws(MessageBusError) {
        try broker.change { (state, _, _) throws(MessageBusError) in
            try state.declare(exchange, by: connection)
        }
    }

    public func declare(_ queue: QueueDeclaration) async throws(MessageBusError) {
        try broker.change { (state, now, actions) throws(MessageBusError) in
            try state.declare(queue, by: connection, at: now, &actions)
        }
    }

    public func delete(_ queue: QueueName) async throws(MessageBusError) {
        try broker.change { (state, now, actions) throws(MessageBusError) in
            try state.delete(queue, by: connection, at: now, &actions)
        }
    }

    public func bind(
        _ queue: QueueName, to exchange: Exchange, _ pattern: BindingPattern
    ) async throws(MessageBusError) {
        try broker.change { (state, now, actions) throws(MessageBusError) in
            try state.bind(queue, to: exchange, pattern, by: connection, at: now, &actions)
        }
    }

    public func unbind(
        _ queue: QueueName, from exchange: Exchange, _ pattern: BindingPattern
    ) async throws(MessageBusError) {
        try broker.change { (state, now, actions) throws(MessageBusError) in
            try state.unbind(queue, from: exchange, pattern, by: connection, at: now, &actions)
        }
    }

    public func consume(
        _ queue: QueueName, prefetch: Int, on eventLoop: any EventLoop,
        cancelled: @escaping @Sendable () -> Void,
        handler: @escaping @Sendable (Delivery) -> Void
    ) async throws(MessageBusError) -> any BusConsumer {
        try broker.consume(queue, prefetch: prefetch, by: connection) { id in
            InMemoryConsumer(
                id, of: queue, by: connection, at: broker, on: eventLoop, cancelled: cancelled, handler: handler)
        }
    }

    public func publish(
        _ message: Message, to exchange: Exchange, key: RoutingKey, mandatory: Bool,
        then: (@Sendable (PublishOutcome) -> Void)?
    ) {
        broker.publish(message, to: exchange, key: key, mandatory: mandatory, by: connection, then: then)
    }

    public var status: BusStatus { broker.status(of: connection) }

    public func watch(_ body: @escaping @Sendable (BusStatus) -> Void) {
        watchers.withLock { $0.append(body) }
        body(status)
    }

    // MARK: Outages, for tests

    /// Loses the connection, as a broker does that is restarted or cut off; until ``restore()``.
    public func lose(_ reason: String = "it was cut off") {
        broker.lose(connection, reason)
        tellWatchers()
    }

    /// Makes the broker take no messages of this connection, as in a memory alarm; until ``restore()``.
    public func block(_ reason: String = "memory") {
        broker.block(connection, reason)
        tellWatchers()
    }

    /// Ends what ``lose(_:)`` or ``block(_:)`` began: consumers of queues that are not exclusive come back, then
    /// publishing works again.
    public func restore() {
        broker.restore(connection)
        tellWatchers()
    }

    private func tellWatchers() {
        let status = status
        for body in watchers.withLock({ $0 }) { body(status) }
    }

    /// `cancelled` is called for consumers of the connection's exclusive queues, since those queues go; the other
    /// consumers just stop.
    public func close() async {
        await broker.close(connection)
    }
}
