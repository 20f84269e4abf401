import NIOCore

/// What the in-memory broker knows: connections, exchanges with their bindings, and queues. It decides;
/// ``InMemoryBroker`` carries out the ``BrokerActions``. Time comes in with every call.
///
/// Code that runs for every message uses `queues.values[index]`, since changing a queue by `queues[name]?` takes three
/// allocations.
struct BrokerState: Sendable {
    private struct ParkedPublish {
        let connection: ConnectionID
        /// How many queues have no room for it yet.
        var missing: Int
    }

    private var connections: Set<ConnectionID> = []
    /// Connections that are lost or blocked at present.
    private var outages: [ConnectionID: Outage] = [:]
    private var exchanges: [ExchangeName: ExchangeState] = [:]
    private var queues: [QueueName: QueueState] = [:]
    /// Queues with ``QueueDeclaration/expires`` that have no consumer, and when they go.
    private var idleUntil: [QueueName: NIODeadline] = [:]
    private var parked: [PublishID: ParkedPublish] = [:]
    private var lastNumber: UInt64 = 0

    // MARK: Connections

    mutating func connect() -> ConnectionID {
        let connection = ConnectionID(number: nextNumber())
        connections.insert(connection)
        return connection
    }

    /// From now on every call of that connection fails; its publishes that wait for room end as
    /// ``PublishOutcome/unknown``. Its consumers are to be removed next, then ``endClose(_:_:)`` follows. False if it
    /// was closed before.
    mutating func beginClose(_ connection: ConnectionID, _ actions: inout BrokerActions) -> Bool {
        guard connections.remove(connection) != nil else { return false }
        outages[connection] = nil
        let ended = Set(parked.filter { $0.value.connection == connection }.keys)
        if ended.isEmpty { return true }
        for name in queues.keys { queues[name]?.forget(ended) }
        for publish in ended.sorted(by: { $0.number < $1.number }) {
            parked[publish] = nil
            actions.settle.append((publish, .unknown))
        }
        return true
    }

    /// Deletes what was exclusive to the connection, and says what that was.
    mutating func endClose(_ connection: ConnectionID, _ actions: inout BrokerActions) -> Set<QueueName> {
        let exclusive = queues.filter { $0.value.owner == connection }.keys
        for name in exclusive { remove(name, &actions) }
        return Set(exclusive)
    }

    // MARK: Outages

    /// The outage of one connection, and the consumers that come back when it ends.
    private struct Outage {
        let status: BusStatus
        var consumers: [(queue: QueueName, id: ConsumerID, prefetch: Int)] = []
    }

    /// The connection is lost: its exclusive queues go, its other consumers pause, its publishes in flight end as
    /// ``PublishOutcome/unknown``. Nothing happens where it is closed or lost already.
    mutating func lose(
        _ connection: ConnectionID, _ reason: String, at now: NIODeadline, _ actions: inout BrokerActions
    ) {
        if case .disconnected = outages[connection]?.status { return }
        guard beginClose(connection, &actions) else { return }
        connections.insert(connection)
        _ = endClose(connection, &actions)
        var outage = Outage(status: .disconnected(reason))
        for (name, queue) in queues {
            for (id, prefetch) in queue.consumers(of: connection) {
                outage.consumers.append((name, id, prefetch))
                remove(id, of: name, at: now, &actions)
            }
        }
        outages[connection] = outage
    }

    /// The broker takes no messages of that connection now; deliveries go on.
    mutating func block(_ connection: ConnectionID, _ reason: String) {
        guard connections.contains(connection), outages[connection] == nil else { return }
        outages[connection] = Outage(status: .blocked(reason))
    }

    /// The outage is over: the connection's consumers come back, but those whose queue is gone are cancelled.
    mutating func restore(_ connection: ConnectionID, _ actions: inout BrokerActions) {
        guard let outage = outages.removeValue(forKey: connection) else { return }
        for (name, id, prefetch) in outage.consumers {
            guard queues[name] != nil else {
                actions.cancel.append(id)
                continue
            }
            idleUntil[name] = nil
            // An acknowledgement from before the loss must not be taken for one from after it, so tags go on from a
            // distant number.
            let consumer = QueueConsumer(
                id: id, of: connection, prefetch: prefetch, firstTag: nextNumber() << 32)
            queues[name]?.add(consumer, &actions)
        }
    }

    func status(of connection: ConnectionID) -> BusStatus {
        connections.contains(connection)
            ? outages[connection]?.status ?? .connected : .disconnected("It was closed by us.")
    }

    // MARK: Topology

    mutating func declare(_ exchange: Exchange, by connection: ConnectionID) throws(MessageBusError) {
        try checkOpen(connection)
        if exchange.name.isEmpty { return }
        let name = ExchangeName(text: exchange.name)
        guard let existing = exchanges[name] else {
            exchanges[name] = ExchangeState(exchange.kind)
            return
        }
        if existing.kind != exchange.kind {
            throw .rejected("the exchange \(exchange.name) exists as \(existing.kind.rawValue)")
        }
    }

    mutating func declare(
        _ declaration: QueueDeclaration, by connection: ConnectionID, at now: NIODeadline,
        _ actions: inout BrokerActions
    ) throws(MessageBusError) {
        try enter(connection, at: now, &actions)
        let name = declaration.name
        try checkUnlocked(name, for: connection)
        if let existing = queues[name]?.declaration {
            if existing != declaration { throw .differs(name) }
        } else {
            queues[name] = QueueState(declaration, owner: declaration.isExclusive ? connection : nil)
        }
        startIdling(name, at: now)
    }

    mutating func delete(
        _ name: QueueName, by connection: ConnectionID, at now: NIODeadline, _ actions: inout BrokerActions
    ) throws(MessageBusError) {
        try enter(connection, at: now, &actions)
        try checkUnlocked(name, for: connection)
        remove(name, &actions)
    }

    mutating func bind(
        _ name: QueueName, to exchange: Exchange, _ pattern: BindingPattern, by connection: ConnectionID,
        at now: NIODeadline, _ actions: inout BrokerActions
    ) throws(MessageBusError) {
        try enter(connection, at: now, &actions)
        if queues[name] == nil { throw .noSuchQueue(name) }
        try checkUnlocked(name, for: connection)
        if exchange.name.isEmpty { throw .rejected("the nameless exchange takes no bindings") }
        let key = ExchangeName(text: exchange.name)
        guard exchanges[key] != nil else { throw .noSuchExchange(exchange.name) }
        exchanges[key]?.bind(name, pattern)
    }

    /// Does nothing where there is no such queue, exchange or binding, as on RabbitMQ.
    mutating func unbind(
        _ name: QueueName, from exchange: Exchange, _ pattern: BindingPattern, by connection: ConnectionID,
        at now: NIODeadline, _ actions: inout BrokerActions
    ) throws(MessageBusError) {
        try enter(connection, at: now, &actions)
        try checkUnlocked(name, for: connection)
        exchanges[ExchangeName(text: exchange.name)]?.unbind(name, pattern)
    }

    // MARK: Consumers

    mutating func consume(
        _ name: QueueName, prefetch: Int, by connection: ConnectionID, at now: NIODeadline,
        _ actions: inout BrokerActions
    ) throws(MessageBusError) -> ConsumerID {
        try enter(connection, at: now, &actions)
        if queues[name] == nil { throw .noSuchQueue(name) }
        try checkUnlocked(name, for: connection)
        let consumer = ConsumerID(number: nextNumber())
        idleUntil[name] = nil
        queues[name]?.add(QueueConsumer(id: consumer, of: connection, prefetch: prefetch), &actions)
        return consumer
    }

    mutating func remove(
        _ consumer: ConsumerID, of name: QueueName, at now: NIODeadline, _ actions: inout BrokerActions
    ) {
        // A consumer that pauses with its connection must not come back.
        for connection in outages.keys { outages[connection]?.consumers.removeAll { $0.id == consumer } }
        guard queues[name]?.remove(consumer, &actions) == true else { return }
        startIdling(name, at: now)
    }

    mutating func take(
        by consumer: ConsumerID, of name: QueueName, limit: Int, at now: NIODeadline, _ actions: inout BrokerActions
    ) -> ShortList<TakenMessage> {
        guard let queue = queues.index(forKey: name) else { return ShortList() }
        let taken = queues.values[queue].take(by: consumer, limit: limit, at: now, &actions)
        settleAccepted(&actions)
        return taken
    }

    mutating func acknowledge(
        _ tag: DeliveryTag, by consumer: ConsumerID, of name: QueueName, _ actions: inout BrokerActions
    ) {
        guard let queue = queues.index(forKey: name) else { return }
        queues.values[queue].acknowledge(tag, by: consumer, &actions)
    }

    // MARK: Publishing

    /// A publish has ended, or waits for room.
    enum Publishing: Sendable, Hashable {
        case ended(PublishOutcome)
        case parked(PublishID)
    }

    mutating func publish(
        _ message: PublishedMessage, mandatory: Bool, by connection: ConnectionID, at now: NIODeadline,
        _ actions: inout BrokerActions
    ) -> Publishing {
        guard connections.contains(connection) else { return .ended(.unknown) }
        if let obstacle = outages[connection]?.status.obstacle { return .ended(.unreachable(obstacle)) }
        removeExpired(at: now, &actions)
        if message.exchange.isEmpty {
            let name = QueueName(message.routingKey.text)
            let names = ShortList(queues.index(forKey: name) == nil ? nil : name)
            return enqueue(message, in: names, mandatory, connection, now, &actions)
        }
        guard let found = exchanges.index(forKey: ExchangeName(text: message.exchange)) else {
            return .ended(.rejected("there is no exchange \(message.exchange)"))
        }
        let names = exchanges.values[found].queues(for: message.routingKey)
        return enqueue(message, in: names, mandatory, connection, now, &actions)
    }

    private mutating func enqueue(
        _ message: PublishedMessage, in names: some Collection<QueueName>, _ mandatory: Bool,
        _ connection: ConnectionID, _ now: NIODeadline, _ actions: inout BrokerActions
    ) -> Publishing {
        if names.isEmpty { return .ended(mandatory ? .unroutable : .confirmed) }
        let publish = PublishID(number: nextNumber())
        var missing = 0
        for name in names {
            guard let queue = queues.index(forKey: name) else { continue }
            if !queues.values[queue].enqueue(message, publish: publish, at: now, &actions) { missing += 1 }
        }
        if missing > 0 { parked[publish] = ParkedPublish(connection: connection, missing: missing) }
        settleAccepted(&actions)
        return missing > 0 ? .parked(publish) : .ended(.confirmed)
    }

    // MARK: What the above share

    private mutating func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    private func checkOpen(_ connection: ConnectionID) throws(MessageBusError) {
        if !connections.contains(connection) { throw .closed }
        if case .disconnected(let reason) = outages[connection]?.status { throw .unreachable(reason) }
    }

    private func checkUnlocked(_ name: QueueName, for connection: ConnectionID) throws(MessageBusError) {
        if let owner = queues[name]?.owner, owner != connection { throw .locked(name) }
    }

    private mutating func enter(
        _ connection: ConnectionID, at now: NIODeadline, _ actions: inout BrokerActions
    ) throws(MessageBusError) {
        try checkOpen(connection)
        removeExpired(at: now, &actions)
    }

    /// Starts the time that a queue with ``QueueDeclaration/expires`` may be without a consumer, unless it has one.
    private mutating func startIdling(_ name: QueueName, at now: NIODeadline) {
        guard let queue = queues[name], let expires = queue.declaration.expires, !queue.hasConsumers else { return }
        idleUntil[name] = now.advanced(by: expires)
    }

    private mutating func removeExpired(at now: NIODeadline, _ actions: inout BrokerActions) {
        if idleUntil.isEmpty { return }
        for (name, end) in idleUntil where now >= end { remove(name, &actions) }
    }

    /// The messages in it are gone; publishes that still waited for room in it are confirmed.
    private mutating func remove(_ name: QueueName, _ actions: inout BrokerActions) {
        guard let queue = queues.removeValue(forKey: name) else { return }
        idleUntil[name] = nil
        for exchange in exchanges.keys { exchanges[exchange]?.unbindAll(of: name) }
        actions.cancel += queue.consumerIDs
        actions.accepted += queue.parkedPublishes
        settleAccepted(&actions)
    }

    private mutating func settleAccepted(_ actions: inout BrokerActions) {
        if actions.accepted.isEmpty { return }
        for publish in actions.accepted {
            guard var waiting = parked[publish] else { continue }
            waiting.missing -= 1
            if waiting.missing == 0 {
                parked[publish] = nil
                actions.settle.append((publish, .confirmed))
            } else {
                parked[publish] = waiting
            }
        }
        actions.accepted.removeAll()
    }
}

/// What is to be done once the broker's state has changed and its lock is released.
struct BrokerActions: Sendable {
    /// Consumers whose event loop is to look for messages.
    var wake = ShortList<ConsumerID>()
    /// Consumers whose queue was deleted.
    var cancel: [ConsumerID] = []
    /// Parked publishes that one queue now has room for. ``BrokerState`` turns them into `settle`.
    var accepted: [PublishID] = []
    /// Parked publishes that have ended, and how.
    var settle: [(publish: PublishID, outcome: PublishOutcome)] = []
}
