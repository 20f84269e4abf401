public import Bus
public import Logging
import Metrics
public import NIOCore
import Observability

/// ``MessageBus`` over RabbitMQ: SwiftNIO carries the bytes, librabbitmq encodes them. It has two connections, and
/// makes both again for ever when one is lost. The broker confirms every publish.
///
/// It connects when it is first asked for something: making one has no side effects.
///
/// `@unchecked Sendable`: everything mutable is touched on `eventLoop` only, except what ``BusWatchers`` keeps behind
/// its lock.
public final class AMQPBus: MessageBus, @unchecked Sendable {  // confined to its event loop, as said above
    let configuration: AMQPConfiguration
    let eventLoop: any EventLoop
    let logger: Logger
    let metrics = AMQPMetrics()
    private let watchers = BusWatchers(.disconnected("not connected yet."))

    var phase = Phase.idle
    var topology = Topology()
    var consumers: [ObjectIdentifier: AMQPConsumer] = [:]
    /// Shorter than the grace of a claim (3 s): whoever held a claim before the broker restarted is back before others
    /// may take it.
    var backoff = Backoff(first: .milliseconds(200), longest: .seconds(2))
    /// Which of the addresses is tried next.
    var attempts = 0
    /// Whether the broker has shown that its exclusive queues are exclusive. It is asked once.
    var isProven = false
    /// How often connecting failed since the last time it was up.
    var failures = 0
    /// Since when the broker takes messages; `nil`: it was never up.
    private var takesSince: NIODeadline?
    private var cameUp: NIODeadline?
    private var outbox = PublishOutbox()
    private var confirms = ConfirmTracker<Unconfirmed>()
    private var waiters = SessionWaiters()
    private var watch: RepeatedTask?
    /// When the last message went out.
    private var lastSent = NIODeadline.now()

    private struct Unconfirmed {
        let exchange: String
        let isPersistent: Bool
        let then: (@Sendable (PublishOutcome) -> Void)?
    }

    enum Phase {
        case idle
        case connecting
        case open(AMQPSession)
        case closed
    }

    /// After a connection that lasted at least this long, the backoff starts anew. A shorter one does not count: some
    /// message may end each connection.
    static let steady = TimeAmount.seconds(5)
    /// A broker that takes longer to confirm, though it is not blocked, is taken for lost.
    static let confirmTimeout = TimeAmount.seconds(60)
    /// How long a message that is not kept on disk waits for its confirm while the broker takes no messages.
    static let blockedPatience = TimeAmount.seconds(1)
    /// A broker says that it takes no messages only to those who publish, so a bus with nothing to send asks this
    /// often.
    static let askEvery = TimeAmount.seconds(2)
    /// With this many bytes unconfirmed, no more is sent.
    static let maxUnconfirmedBytes = 128 << 20
    static let maxUnconfirmed = 65_536

    public init(configuration: AMQPConfiguration, eventLoop: any EventLoop, logger: Logger) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
    }

    public var status: BusStatus { watchers.status }

    public func watch(_ body: @escaping @Sendable (BusStatus) -> Void) {
        // Added on the loop that changes the status, so that nobody hears an old status last.
        eventLoop.execute {
            self.watchers.add(body)
            self.start()
        }
    }

    // MARK: Declaring

    public func declare(_ exchange: Exchange) async throws(MessageBusError) {
        if exchange.name.isEmpty { return }
        try await ask(.exchangeDeclare(exchange)) { $0.declared(exchange) }
    }

    public func declare(_ queue: QueueDeclaration) async throws(MessageBusError) {
        try await ask(.queueDeclare(queue)) { $0.declared(queue) }
    }

    public func delete(_ queue: QueueName) async throws(MessageBusError) {
        try await ask(.queueDelete(queue)) { $0.deleted(queue) }
    }

    public func bind(
        _ queue: QueueName, to exchange: Exchange, _ pattern: BindingPattern
    ) async throws(MessageBusError) {
        let binding = Topology.Binding(queue: queue, exchange: exchange, pattern: pattern)
        try await ask(.queueBind(queue, exchange, pattern)) { $0.bound(binding) }
    }

    public func unbind(
        _ queue: QueueName, from exchange: Exchange, _ pattern: BindingPattern
    ) async throws(MessageBusError) {
        let binding = Topology.Binding(queue: queue, exchange: exchange, pattern: pattern)
        try await ask(.queueUnbind(queue, exchange, pattern)) { $0.unbound(binding) }
    }

    private func ask(
        _ method: AMQPOutgoing, then change: @escaping @Sendable (inout Topology) -> Void
    ) async throws(MessageBusError) {
        try await onSession(about: method.name) { bus, session in
            session.ask(method).map { change(&bus.topology) }
        }
    }

    // MARK: Consuming

    public func consume(
        _ queue: QueueName, prefetch: Int, on handlerLoop: any EventLoop,
        cancelled: @escaping @Sendable () -> Void,
        handler: @escaping @Sendable (Delivery) -> Void
    ) async throws(MessageBusError) -> any BusConsumer {
        let consumer = AMQPConsumer(
            of: queue, prefetch: prefetch, busLoop: eventLoop, handlerLoop: handlerLoop, cancelled: cancelled,
            handler: handler, bus: self)
        try await onSession(about: "basic.consume \(queue)") { bus, session in
            consumer.acksMayWait = bus.topology.isOurs(queue)
            bus.consumers[ObjectIdentifier(consumer)] = consumer
            return consumer.subscribe(on: session.consuming).flatMapErrorThrowing { error in
                bus.forget(consumer)
                throw error
            }
        }
        return consumer
    }

    func forget(_ consumer: AMQPConsumer) { consumers[ObjectIdentifier(consumer)] = nil }

    func remove(_ consumer: AMQPConsumer) async {
        let ended = eventLoop.flatSubmit {
            self.forget(consumer)
            return consumer.unsubscribe()
        }
        // The connection may end first: then the channel is gone all the same.
        try? await ended.get()
    }

    // MARK: Publishing

    public func publish(
        _ message: Message, to exchange: Exchange, key: RoutingKey, mandatory: Bool,
        then: (@Sendable (PublishOutcome) -> Void)?
    ) {
        let publish = Publish(message: message, exchange: exchange, key: key, isMandatory: mandatory, then: then)
        // Even when called on the loop: a message must not overtake one that another thread gave before, and `then` is
        // never called from within this call.
        eventLoop.execute { self.take(publish) }
    }

    private func take(_ publish: Publish) {
        start()
        let size = publish.message.body.readableBytes
        guard size <= configuration.maxMessageBytes else {
            end(
                publish.then,
                .rejected("\(size) bytes are more than amqp.max_message_size, \(configuration.maxMessageBytes)"))
            return
        }
        switch phase {
        case .closed: end(publish.then, .unknown)
        case .idle, .connecting: end(publish.then, .unreachable(status.obstacle ?? "not connected"))
        case .open(let session):
            if case .blocked = status {
                // A message that is kept on disk is worth waiting for; any other fails now, so that its sender gets an
                // answer.
                guard publish.message.properties.isPersistent, outbox.add(publish) else {
                    end(publish.then, .unreachable(status.obstacle ?? "blocked"))
                    return
                }
            } else {
                send(publish, over: session)
            }
        }
    }

    private func send(_ publish: Publish, over session: AMQPSession) {
        let size = publish.message.body.readableBytes
        guard topology.knows(publish.exchange) else {
            end(publish.then, .rejected("the exchange \(publish.exchange.name) was not declared here"))
            return
        }
        guard confirms.count == 0 || confirms.bytes + size <= Self.maxUnconfirmedBytes,
            confirms.count < Self.maxUnconfirmed
        else {
            end(publish.then, .unreachable("The broker is behind: \(confirms.count) messages are not confirmed yet."))
            return
        }
        do throws(AMQPError) {
            try session.publishing.publish(
                publish.message, to: publish.exchange, key: publish.key,
                publishTag: publish.isMandatory ? confirms.nextTag : nil, channel: session.publisher)
            lastSent = .now()
            confirms.add(
                Unconfirmed(
                    exchange: publish.exchange.name, isPersistent: publish.message.properties.isPersistent,
                    then: publish.then), bytes: size, at: lastSent)
        } catch {
            end(publish.then, .rejected("\(error)"))
        }
    }

    private func end(_ then: (@Sendable (PublishOutcome) -> Void)?, _ outcome: PublishOutcome) {
        metrics.ended(outcome)
        then?(outcome)
    }

    private func listen(to session: AMQPSession) {
        session.publisher.onMessage = { [weak self] content in
            if let tag = content.publishTag { self?.confirms.returned(tag) }
        }
        session.publisher.onConfirm = { [weak self] tag, multiple, accepted in
            guard let self else { return }
            for (publish, outcome) in self.confirms.settle(tag, multiple: multiple, accepted: accepted) {
                self.end(publish.then, outcome)
            }
        }
        session.publisher.onClosed = { [weak self] error in self?.publisherRefused(error, session) }
        session.publishing.onClosed = { [weak self] error in self?.lost(session, error) }
        session.consuming.onClosed = { [weak self] error in self?.lost(session, error) }
        session.publishing.onBlocked = { [weak self] reason in self?.blocked(reason, session) }
    }

    private func blocked(_ reason: String?, _ session: AMQPSession) {
        if let reason {
            logger.warning("The broker takes no messages now.", metadata: [LogKeys.reason: "\(reason)"])
            watchers.set(.blocked(reason))
            return
        }
        logger.notice("The broker takes messages again.")
        takesSince = .now()
        watchers.set(.connected)
        for publish in outbox.takeAll() { send(publish, over: session) }
    }

    /// The broker closed the publishing channel because of one message, and names it by its exchange or size. That one
    /// is never published again; whether the others arrived, nobody knows.
    private func publisherRefused(_ error: AMQPError, _ session: AMQPSession) {
        guard case .channelClosed(_, let text) = error else { return }
        logger.error("The broker refused a message and closed the channel.", metadata: [LogKeys.reason: "\(error)"])
        let culprit = confirms.takeFirst { publish, bytes in
            text.contains("'\(publish.exchange)'") || text.contains("size \(bytes) ")
        }
        if let culprit { end(culprit.then, .rejected("\(error)")) }
        session.fail(error)
    }

    // MARK: The connection's life, with AMQPBus+Connecting

    func start() {
        guard case .idle = phase else { return }
        phase = .connecting
        connect()
    }

    func came(up session: AMQPSession) {
        listen(to: session)
        phase = .open(session)
        if takesSince != nil { metrics.reconnects.increment() }
        takesSince = .now()
        cameUp = takesSince
        failures = 0
        logger.notice("Connected to the broker.", metadata: [LogKeys.address: "\(session.address)"])
        watch = eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { [weak self] _ in
            self?.look(at: session)
        }
        watchers.set(session.publishing.blockedReason.map { .blocked($0) } ?? .connected)
        for consumer in consumers.values { consumer.release() }
        waiters.succeed(session)
    }

    func isDown(_ reason: String) { watchers.set(.disconnected(reason)) }

    private func lost(_ session: AMQPSession, _ error: AMQPError) {
        guard case .open(let current) = phase, current === session else { return }
        phase = .connecting
        session.fail(error)
        logger.warning(
            "The connection to the broker is lost; connecting again.", metadata: [LogKeys.reason: "\(error)"])
        isDown("\(error)")
        giveUp()
        if let cameUp, cameUp + Self.steady <= .now() { backoff.reset() }
        connectLater()
    }

    /// Ends everything that depended on the connection.
    private func giveUp() {
        watch?.cancel()
        metrics.confirmsOutstanding.set(0)
        let claims = consumers.values.filter { !topology.isKept($0.queue) }
        topology.connectionLost()
        for consumer in consumers.values { consumer.channelLost() }
        for consumer in claims {
            forget(consumer)
            consumer.tellCancelled()
        }
        for publish in confirms.removeAll() { end(publish.then, .unknown) }
        for publish in outbox.takeAll() { end(publish.then, .unreachable(status.obstacle ?? "closed")) }
    }

    private func look(at session: AMQPSession) {
        let now = NIODeadline.now()
        metrics.confirmsOutstanding.set(confirms.count)
        switch status {
        case .connected:
            // A blocked broker confirms nothing, so the time it was blocked does not count.
            if let oldest = confirms.oldest, let takesSince, max(oldest, takesSince) + Self.confirmTimeout < now {
                session.fail(.silent("a message was not confirmed"))
            } else if lastSent + Self.askEvery <= now {
                ask(session)
            }
        case .blocked:
            let given = confirms.removeAll(since: now - Self.blockedPatience) { !$0.isPersistent }
            for publish in given { end(publish.then, .unknown) }
        case .disconnected: break
        }
    }

    /// Publishes a message to nobody, to see whether the broker takes it.
    private func ask(_ session: AMQPSession) {
        var properties = MessageProperties()
        properties.type = "probe"
        properties.expiration = .seconds(1)
        send(
            Publish(
                message: Message(ByteBuffer(), properties), exchange: .toQueue, key: "perpetua.nobody",
                isMandatory: false, then: nil), over: session)
    }

    public func close() async {
        let ended = eventLoop.flatSubmit {
            let before = self.phase
            self.phase = .closed
            // The status comes first: those who wait look there for why they failed.
            self.watchers.close()
            self.waiters.fail(AMQPError.closed)
            let goodbye: EventLoopFuture<Void>
            for consumer in self.consumers.values { consumer.sendAcks() }
            switch before {
            case .open(let session): goodbye = session.close()
            case .idle, .connecting, .closed: goodbye = self.eventLoop.makeSucceededVoidFuture()
            }
            return goodbye.always { _ in
                self.giveUp()
                for consumer in self.consumers.values { consumer.stop() }
                self.consumers = [:]
            }
        }
        // It cannot fail: closing has a deadline of its own.
        try? await ended.get()
    }

    // MARK: Waiting for a session

    /// Carries out `work` with the present session, or with the next one if it comes in time.
    private func onSession(
        about name: String,
        _ work: @escaping @Sendable (AMQPBus, AMQPSession) -> EventLoopFuture<Void>
    ) async throws(MessageBusError) {
        do {
            try await eventLoop.flatSubmit { self.session().flatMap { work(self, $0) } }.get()
        } catch {
            throw watchers.isClosed ? .closed : MessageBusError(error, doing: name, obstacle: status.obstacle)
        }
    }

    private func session() -> EventLoopFuture<AMQPSession> {
        start()
        switch phase {
        case .open(let session): return eventLoop.makeSucceededFuture(session)
        case .closed: return eventLoop.makeFailedFuture(AMQPError.closed)
        case .idle, .connecting: return waiters.add(on: eventLoop)
        }
    }
}
