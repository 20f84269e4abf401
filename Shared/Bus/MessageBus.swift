public import NIOCore

/// One connection to a message broker, in AMQP's words. Two implementations: ``InMemoryBus`` and `AMQPBus`; what both
/// promise is stated by the shared suite `MessageBusContract`.
///
/// * Messages of one publisher arrive in one queue in the order they were published.
/// * A handler runs on the event loop it was given, one delivery after another, never inside a call of `publish`.
/// * `publish` never blocks and never suspends: `then` is called with the outcome, on any thread.
/// * Exclusive queues go with their connection.
///
/// A connection that is lost is made again, for ever. Exclusive queues are gone then, and `cancelled` is called for
/// their consumers; other queues, their bindings and their consumers come back with it, before the first publish.
/// Nothing is published again by the bus itself: what was not confirmed ends as ``PublishOutcome/unknown``, what is
/// published meanwhile as ``PublishOutcome/unreachable(_:)``.
public protocol MessageBus: Sendable {
    /// Makes sure the exchange exists.
    func declare(_ exchange: Exchange) async throws(MessageBusError)

    /// Makes sure the queue exists. An exclusive one that another connection has throws ``MessageBusError/locked(_:)``.
    func declare(_ queue: QueueDeclaration) async throws(MessageBusError)

    /// Deletes the queue and what waits in it; its consumers are cancelled. Does nothing where there is no queue of
    /// that name.
    func delete(_ queue: QueueName) async throws(MessageBusError)

    func bind(_ queue: QueueName, to exchange: Exchange, _ pattern: BindingPattern) async throws(MessageBusError)
    func unbind(_ queue: QueueName, from exchange: Exchange, _ pattern: BindingPattern) async throws(MessageBusError)

    /// Delivers the queue's messages to `handler` on `eventLoop`, at most `prefetch` of them not yet acknowledged.
    /// `cancelled` is called once, on the same loop, if the queue is lost.
    func consume(
        _ queue: QueueName, prefetch: Int, on eventLoop: any EventLoop,
        cancelled: @escaping @Sendable () -> Void,
        handler: @escaping @Sendable (Delivery) -> Void
    ) async throws(MessageBusError) -> any BusConsumer

    /// Publishes. `then` is always called, once, with the outcome.
    func publish(
        _ message: Message, to exchange: Exchange, key: RoutingKey, mandatory: Bool,
        then: (@Sendable (PublishOutcome) -> Void)?
    )

    /// The state of the connection now.
    var status: BusStatus { get }

    /// Calls `body` with the status as it is now and with each change, in order, on any thread, as long as the bus
    /// lives.
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
    /// Publishes and waits for the outcome.
    public func publish(
        _ message: Message, to exchange: Exchange, key: RoutingKey, mandatory: Bool = false
    ) async -> PublishOutcome {
        await withCheckedContinuation { continuation in
            publish(message, to: exchange, key: key, mandatory: mandatory) { continuation.resume(returning: $0) }
        }
    }
}

/// The state of the connection to the broker: for health checks, and for parts that have to repeat everything after an
/// outage.
public enum BusStatus: Sendable, Hashable {
    case connected
    /// The broker takes no messages now, for this reason (a memory or disk alarm, in its words); deliveries go on.
    case blocked(String)
    /// There is no connection, for this reason, in a sentence. It is tried again for ever.
    case disconnected(String)

    /// Why nothing can be published now; `nil` where it can.
    public var obstacle: String? {
        switch self {
        case .connected: nil
        case .blocked(let reason): "The broker takes no messages now: \(reason)."
        case .disconnected(let reason): "There is no connection to the broker: \(reason)"
        }
    }
}

/// How a publish ended.
public enum PublishOutcome: Sendable, Hashable {
    /// Every queue it was routed to has taken it (or it was routed to none, and was not mandatory).
    case confirmed
    /// It was mandatory, and no queue wanted it. Nobody got it.
    case unroutable
    /// The bus refused it (it is too large, for example). Nobody got it; publishing it again would end the same way.
    case rejected(String)
    /// The broker took it and says that it could not keep it. Somebody may have got it all the same.
    case notStored
    /// There is no connection now, or the broker takes no messages: it was not sent. Nobody got it; later it may work.
    case unreachable(String)
    /// The connection was lost before the answer: it may or may not have arrived.
    case unknown

    /// Why the bus refuses it, where publishing it again would end the same way.
    public var refusal: String? {
        switch self {
        case .rejected(let reason): reason
        case .notStored: "the broker could not store it"
        case .confirmed, .unroutable, .unreachable, .unknown: nil
        }
    }
}

extension MessageBus {
    /// Runs `body`, again and again while there is no connection: for what a service needs before it can begin.
    /// - Throws: what `body` throws otherwise; `CancellationError`.
    public func persistently<Result>(
        every pause: Duration = .milliseconds(500), isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws -> Result
    ) async throws -> Result {
        while true {
            do {
                return try await body()
            } catch MessageBusError.unreachable, MessageBusError.disconnected {
                try await Task.sleep(for: pause)
            }
        }
    }
}
