import Bus
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@Suite("InMemoryBus: a connection that is lost or blocked", .timeLimit(.minutes(1)))
struct InMemoryOutageTests {
    private let broker = InMemoryBroker()
    private let loop = MultiThreadedEventLoopGroup.singleton.any()

    private func send(_ text: String, to queue: QueueName, by bus: InMemoryBus) async -> PublishOutcome {
        await bus.publish(
            Message(ByteBuffer(string: text)), to: .toQueue, key: RoutingKey(queue.text), mandatory: true)
    }

    @Test("the loss takes exclusive queues, ends publishes in flight as unknown, and is told to whoever watches")
    func loss() async throws {
        let (bus, other) = (broker.connect(), broker.connect())
        let heard = Mutex<[BusStatus]>([])
        bus.watch { status in heard.withLock { $0.append(status) } }
        try await bus.declare(QueueDeclaration("mine", isExclusive: true))
        let mine = DeliveryRecorder()
        try await mine.consume("mine", from: bus, on: loop)
        try await other.declare(QueueDeclaration("small", maxLengthBytes: 4))
        let outcomes = OutcomeRecorder()
        for text in ["1234", "5678"] {
            bus.publish(
                Message(ByteBuffer(string: text)), to: .toQueue, key: "small", mandatory: true,
                then: outcomes.then(text))
        }
        #expect(outcomes.outcomes == [.confirmed])
        bus.lose("a test")
        #expect(outcomes.outcomes == [.confirmed, .unknown])
        try await eventually("the consumer hears of it") { mine.cancellations == 1 }
        #expect(await send("a", to: "mine", by: other) == .unroutable)
        guard case .unreachable = await send("a", to: "small", by: bus) else {
            Issue.record("A publish without a connection was sent.")
            return
        }
        await #expect(throws: MessageBusError.unreachable("a test")) {
            try await bus.declare(QueueDeclaration("mine", isExclusive: true))
        }
        bus.restore()
        try await bus.declare(QueueDeclaration("mine", isExclusive: true))
        #expect(heard.withLock { $0 } == [.connected, .disconnected("a test"), .connected])
    }

    @Test(
        "a consumer of a queue that is not exclusive comes back with the connection, and gets again what it had not acknowledged"
    )
    func consumerComesBack() async throws {
        let (bus, other) = (broker.connect(), broker.connect())
        try await bus.declare(QueueDeclaration("inbox"))
        let inbox = DeliveryRecorder(.byHand)
        try await inbox.consume("inbox", from: bus, on: loop)
        #expect(await send("a", to: "inbox", by: other) == .confirmed)
        try await inbox.texts(atLeast: 1)
        bus.lose()
        inbox.deliveries[0].acknowledge()
        #expect(await send("b", to: "inbox", by: other) == .confirmed)
        #expect(inbox.texts == ["a"])
        bus.restore()
        #expect(try await inbox.texts(atLeast: 3) == ["a", "a", "b"])
        #expect(inbox.deliveries.map(\.redelivered) == [false, true, false])
        #expect(inbox.cancellations == 0)
        // Acknowledging the first delivery acknowledges none of the later ones.
        inbox.deliveries[0].acknowledge()
        await inbox.cancel()
        let next = DeliveryRecorder()
        try await next.consume("inbox", from: other, on: loop)
        #expect(try await next.texts(atLeast: 2) == ["a", "b"])
    }

    @Test("a blocked connection publishes nothing, and its consumers go on")
    func blocked() async throws {
        let bus = broker.connect()
        try await bus.declare(QueueDeclaration("inbox", isExclusive: true))
        let inbox = DeliveryRecorder()
        try await inbox.consume("inbox", from: bus, on: loop)
        bus.block("memory")
        #expect(bus.status == .blocked("memory"))
        #expect(
            await send("a", to: "inbox", by: bus)
                == .unreachable("The broker takes no messages now: memory."))
        bus.restore()
        #expect(await send("b", to: "inbox", by: bus) == .confirmed)
        #expect(try await inbox.texts(atLeast: 1) == ["b"])
        #expect(inbox.cancellations == 0)
    }
}
