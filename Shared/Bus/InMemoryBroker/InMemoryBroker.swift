public import NIOCore
import Synchronization

/// The embedded broker: what ``InMemoryBus`` connections of one process share.
///
/// Every decision is made by ``BrokerState`` under one lock; what follows from it (waking consumers, telling
/// publishers) is done after unlocking. The broker has no timers: a queue's ``QueueDeclaration/expires`` is checked
/// when the broker is next used (declare, bind, consume, publish, …), a message's expiration when it is about to be
/// delivered.
public final class InMemoryBroker: Sendable {
    private struct Guarded {
        var state = BrokerState()
        var consumers: [ConsumerID: InMemoryConsumer] = [:]
        /// The callbacks of parked publishes.
        var publishers: [PublishID: @Sendable (PublishOutcome) -> Void] = [:]
    }

    private let maxMessageBytes: Int
    let now: @Sendable () -> NIODeadline
    private let guarded = Mutex(Guarded())

    /// - Parameters:
    ///   - maxMessageBytes: a larger body is ``PublishOutcome/rejected(_:)``. Default: 64 MiB.
    ///   - now: the time, for what expires; tests give their own.
    public init(maxMessageBytes: Int = 64 << 20, now: @escaping @Sendable () -> NIODeadline = { .now() }) {
        self.maxMessageBytes = maxMessageBytes
        self.now = now
    }

    /// A new connection; to be ended with ``InMemoryBus/close()``.
    public func connect() -> InMemoryBus {
        InMemoryBus(self, guarded.withLock { $0.state.connect() })
    }

    // MARK: For InMemoryBus

    /// Changes exchanges, queues or bindings.
    func change(
        _ body: (inout BrokerState, NIODeadline, inout BrokerActions) throws(MessageBusError) -> Void
    ) throws(MessageBusError) {
        let now = now()
        try modify { (guarded, actions) throws(MessageBusError) in try body(&guarded.state, now, &actions) }
    }

    func publish(
        _ message: Message, to exchange: Exchange, key: RoutingKey, mandatory: Bool, by connection: ConnectionID,
        then: (@Sendable (PublishOutcome) -> Void)?
    ) {
        let size = message.body.readableBytes
        if size > maxMessageBytes {
            then?(.rejected("the body has \(size) bytes, at most \(maxMessageBytes) are allowed"))
            return
        }
        let now = now()
        let published = PublishedMessage(message, exchange: exchange.name, routingKey: key, publishedAt: now)
        let publishing = modify { guarded, actions in
            let publishing = guarded.state.publish(published, mandatory: mandatory, by: connection, at: now, &actions)
            if case .parked(let publish) = publishing { guarded.publishers[publish] = then }
            return publishing
        }
        if case .ended(let outcome) = publishing { then?(outcome) }
    }

    /// Adds a consumer; `make` builds what runs on its event loop.
    func consume(
        _ queue: QueueName, prefetch: Int, by connection: ConnectionID, make: (ConsumerID) -> InMemoryConsumer
    ) throws(MessageBusError) -> InMemoryConsumer {
        let now = now()
        return try modify { (guarded, actions) throws(MessageBusError) in
            let id = try guarded.state.consume(queue, prefetch: prefetch, by: connection, at: now, &actions)
            let consumer = make(id)
            guarded.consumers[id] = consumer
            return consumer
        }
    }

    /// Ends the connection: its calls fail from now on, its consumers stop one after another, what was exclusive to it
    /// goes.
    func close(_ connection: ConnectionID) async {
        let consumers = modify { guarded, actions -> [InMemoryConsumer] in
            guard guarded.state.beginClose(connection, &actions) else { return [] }
            return guarded.consumers.values.filter { $0.connection == connection }
        }
        for consumer in consumers { await consumer.stop() }
        let gone = modify { guarded, actions in guarded.state.endClose(connection, &actions) }
        for consumer in consumers where gone.contains(consumer.queue) { await consumer.tellCancelled() }
    }

    func status(of connection: ConnectionID) -> BusStatus { guarded.withLock { $0.state.status(of: connection) } }

    func lose(_ connection: ConnectionID, _ reason: String) {
        let now = now()
        modify { guarded, actions in guarded.state.lose(connection, reason, at: now, &actions) }
    }

    func block(_ connection: ConnectionID, _ reason: String) {
        guarded.withLock { $0.state.block(connection, reason) }
    }

    func restore(_ connection: ConnectionID) {
        modify { guarded, actions in guarded.state.restore(connection, &actions) }
    }

    // MARK: For InMemoryConsumer

    /// The consumer's next messages. Where there are none, it will be woken when there are.
    /// - Parameter now: when the turn of the event loop began that delivers them.
    func take(by consumer: InMemoryConsumer, limit: Int, at now: NIODeadline) -> ShortList<TakenMessage> {
        modify { guarded, actions in
            guarded.state.take(by: consumer.id, of: consumer.queue, limit: limit, at: now, &actions)
        }
    }

    func acknowledge(_ tag: DeliveryTag, by consumer: ConsumerID, of queue: QueueName) {
        modify { guarded, actions in guarded.state.acknowledge(tag, by: consumer, of: queue, &actions) }
    }

    /// Nothing happens if the consumer is gone already.
    func remove(_ consumer: InMemoryConsumer) {
        let now = now()
        modify { guarded, actions in
            guarded.consumers[consumer.id] = nil
            guarded.state.remove(consumer.id, of: consumer.queue, at: now, &actions)
        }
    }

    // MARK: The lock

    private struct Consequences {
        var wake = ShortList<InMemoryConsumer>()
        var cancel: [InMemoryConsumer] = []
        var tell: [(then: @Sendable (PublishOutcome) -> Void, outcome: PublishOutcome)] = []
    }

    /// Locks, decides, takes the actions out, unlocks and acts, even where the decision is an error.
    private func modify<Result, Failure: Error>(
        _ body: (inout Guarded, inout BrokerActions) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var consequences = Consequences()
        defer { Self.carryOut(consequences) }
        return try guarded.withLock { guarded throws(Failure) in
            var actions = BrokerActions()
            defer { consequences = Self.consequences(of: actions, &guarded) }
            return try body(&guarded, &actions)
        }
    }

    private static func consequences(of actions: BrokerActions, _ guarded: inout Guarded) -> Consequences {
        var consequences = Consequences()
        for id in actions.wake {
            if let consumer = guarded.consumers[id] { consequences.wake.append(consumer) }
        }
        for id in actions.cancel {
            if let consumer = guarded.consumers.removeValue(forKey: id) { consequences.cancel.append(consumer) }
        }
        for (publish, outcome) in actions.settle {
            guard let then = guarded.publishers.removeValue(forKey: publish) else { continue }
            consequences.tell.append((then, outcome))
        }
        return consequences
    }

    private static func carryOut(_ consequences: Consequences) {
        for (then, outcome) in consequences.tell { then(outcome) }
        for consumer in consequences.wake { consumer.wake() }
        for consumer in consequences.cancel { consumer.queueIsGone() }
    }
}
