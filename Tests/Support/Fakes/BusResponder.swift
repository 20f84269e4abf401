public import Bus
public import Contracts
public import NIOCore
import NIOPosix
import Synchronization

/// A program on the bus that takes a test one line: it consumes a queue, records what came, and answers as it is told.
public final class BusResponder: Sendable {
    private struct State {
        var deliveries: [Delivery] = []
        var answer: @Sendable (Delivery) -> ByteBuffer?
    }

    private let bus: any MessageBus
    private let state: Mutex<State>

    /// - Parameter answer: the body of the answer, `nil` for none. Change it with ``answer(with:)``.
    public init(
        at broker: some TestBroker, queue: QueueName, bindings: [(exchange: Exchange, pattern: BindingPattern)],
        answer: @escaping @Sendable (Delivery) -> ByteBuffer? = { _ in nil }
    ) async throws {
        bus = try await broker.newConnection()
        state = Mutex(State(answer: answer))
        try await bus.declare(QueueDeclaration(queue, isExclusive: true))
        for (exchange, pattern) in bindings {
            try await bus.declare(exchange)
            try await bus.bind(queue, to: exchange, pattern)
        }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        _ = try await bus.consume(
            queue, prefetch: 512, on: loop, cancelled: {}, handler: { [self] in receive($0) })
    }

    /// Everything that came so far.
    public var deliveries: [Delivery] { state.withLock { $0.deliveries } }

    /// From now on it answers like this.
    public func answer(with answer: @escaping @Sendable (Delivery) -> ByteBuffer?) {
        state.withLock { $0.answer = answer }
    }

    /// Waits for a delivery.
    public func delivery(
        _ what: String = "a delivery came", where matches: (Delivery) -> Bool = { _ in true }
    ) async throws -> Delivery {
        let found = try await eventually(what, read: { self.deliveries.filter(matches) }, until: { !$0.isEmpty })
        return found[0]
    }

    /// Answers one delivery, later than ``answer(with:)`` would.
    /// - Parameter part: where it is one of several answers.
    public func reply(to delivery: Delivery, _ body: ByteBuffer, part: AnswerPart? = nil) {
        guard let replyTo = delivery.properties.replyTo else { return }
        var properties = MessageProperties()
        properties.correlationID = delivery.properties.correlationID
        properties.headers[AnswerPart.header] = part?.rawValue
        bus.publish(
            Message(body, properties), to: .toQueue, key: RoutingKey(replyTo.text), mandatory: false, then: nil)
    }

    /// Publishes something of its own.
    public func publish(_ body: ByteBuffer, to exchange: Exchange, key: RoutingKey) async -> PublishOutcome {
        await bus.publish(Message(body), to: exchange, key: key)
    }

    /// Goes away, with its queue.
    public func close() async { await bus.close() }

    private func receive(_ delivery: Delivery) {
        let answer = state.withLock { state in
            state.deliveries.append(delivery)
            return state.answer
        }
        delivery.acknowledge()
        if let body = answer(delivery) { reply(to: delivery, body) }
    }
}
