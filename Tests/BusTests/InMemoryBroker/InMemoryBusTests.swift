import Bus
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@Suite("InMemoryBus", .timeLimit(.minutes(1)))
struct InMemoryBusTests {
    private let clock = ManualClock()
    private let broker: InMemoryBroker

    init() {
        let clock = clock
        broker = InMemoryBroker(maxMessageBytes: 1 << 20, now: { clock.deadline })
    }

    @Test("keeps the contract of every bus", arguments: MessageBusContract.cases)
    func contract(_ promise: MessageBusContract.Case) async throws {
        let contract = MessageBusContract(
            maxMessageBytes: 1 << 20, overflow: .backpressure,
            connect: { [broker] in broker.connect() },
            letTimePass: { [clock] in clock.advance(by: $0) })
        try await promise.run(on: contract)
    }

    @Test("a publish to several queues is confirmed when the last of them has room")
    func confirmedByAll() async throws {
        let bus = broker.connect()
        let exchange = Exchange("events", .topic)
        try await bus.declare(exchange)
        for (queue, bound) in [("narrow", 10), ("narrower", 5), ("wide", 1000)] {
            try await bus.declare(QueueDeclaration(QueueName(queue), maxLengthBytes: bound))
            try await bus.bind(QueueName(queue), to: exchange, "#")
        }
        #expect(await bus.publish(.text("first"), to: exchange, key: "k") == .confirmed)
        let outcomes = OutcomeRecorder()
        bus.publish(.text("second"), to: exchange, key: "k", mandatory: true, then: outcomes.then("second"))
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        for queue: QueueName in ["wide", "narrow"] {
            let recorder = DeliveryRecorder()
            try await recorder.consume(queue, from: bus, on: loop)
            #expect(try await recorder.texts(atLeast: 2) == ["first", "second"])
        }
        #expect(outcomes.outcomes.isEmpty)
        try await bus.delete("narrower")
        #expect(outcomes.outcomes == [.confirmed])
    }

    @Test("publishes that wait for room end as unknown when their connection is closed; the messages stay")
    func closeWhileParked() async throws {
        let publisher = broker.connect()
        let other = broker.connect()
        try await other.declare(QueueDeclaration("q", maxLengthBytes: 4))
        let outcomes = OutcomeRecorder()
        for text in ["one", "two", "three"] {
            publisher.publish(.text(text), to: .toQueue, key: "q", mandatory: true, then: outcomes.then(text))
        }
        await publisher.close()
        #expect(outcomes.outcomes == [.confirmed, .unknown, .unknown])
        let recorder = DeliveryRecorder()
        try await recorder.consume("q", from: other, on: MultiThreadedEventLoopGroup.singleton.any())
        #expect(try await recorder.texts(atLeast: 3) == ["one", "two", "three"])
        #expect(outcomes.outcomes.count == 3)
    }

    @Test("consumers of an exclusive queue hear that it went when their connection is closed, others do not")
    func closeCancelsExclusive() async throws {
        let bus = broker.connect()
        try await bus.declare(QueueDeclaration("claim", isExclusive: true))
        try await bus.declare(QueueDeclaration("inbox"))
        let claim = DeliveryRecorder()
        let inbox = DeliveryRecorder()
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        try await claim.consume("claim", from: bus, on: loop)
        try await inbox.consume("inbox", from: bus, on: loop)
        await bus.close()
        #expect(claim.cancellations == 1)
        #expect(inbox.cancellations == 0)
        await claim.cancel()
        await inbox.cancel()
        #expect(claim.cancellations == 1)
    }

    @Test("one turn of the event loop is handed a bounded number of messages")
    func boundedTurns() async throws {
        let bus = broker.connect()
        try await bus.declare(QueueDeclaration("q"))
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let recorder = DeliveryRecorder()
        try await recorder.consume("q", from: bus, on: loop)
        let seen = Mutex<Int?>(nil)
        try await loop.submit {
            for number in 0..<600 {
                bus.publish(.text("\(number)"), to: .toQueue, key: "q", mandatory: true, then: nil)
            }
            // The loop's tasks run in order: the first turn of delivering is before this one, the next after it.
            loop.execute { seen.withLock { $0 = recorder.texts.count } }
        }.get()
        #expect(try await recorder.texts(atLeast: 600) == (0..<600).map { "\($0)" })
        #expect(seen.withLock { $0 } == 256)
    }

    @Test("a wide open consumer on a loop that stands still is not a hole in the bound")
    func boundHoldsBehindStalledLoop() async throws {
        let bus = broker.connect()
        try await bus.declare(QueueDeclaration("q", maxLengthBytes: 10))
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let recorder = DeliveryRecorder()
        try await recorder.consume("q", from: bus, prefetch: 0, on: loop)
        let outcomes = OutcomeRecorder()
        let confirmedMeanwhile = try await loop.submit {
            for text in ["aaaaa", "bbbbb", "ccccc"] {
                bus.publish(.text(text), to: .toQueue, key: "q", mandatory: true, then: outcomes.then(text))
            }
            return outcomes.confirmed
        }.get()
        #expect(confirmedMeanwhile == ["aaaaa", "bbbbb"])
        #expect(try await recorder.texts(atLeast: 3) == ["aaaaa", "bbbbb", "ccccc"])
        #expect(outcomes.confirmed == ["aaaaa", "bbbbb", "ccccc"])
    }

    @Test("cancelling and closing end even where the event loop has shut down")
    func shutDownLoop() async throws {
        let bus = broker.connect()
        try await bus.declare(QueueDeclaration("q"))
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let recorders = [DeliveryRecorder(), DeliveryRecorder()]
        for recorder in recorders { try await recorder.consume("q", from: bus, on: group.any()) }
        try await group.shutdownGracefully()
        await recorders[0].cancel()
        await bus.close()
    }

    @Test("names that only look the same are different queues and keys")
    func namesAreBytes() async throws {
        let bus = broker.connect()
        let composed = "caf\u{E9}"
        let decomposed = "cafe\u{301}"
        try await bus.declare(QueueDeclaration(QueueName(composed)))
        #expect(await bus.publish(.text("x"), to: .toQueue, key: RoutingKey(composed), mandatory: true) == .confirmed)
        #expect(
            await bus.publish(.text("x"), to: .toQueue, key: RoutingKey(decomposed), mandatory: true) == .unroutable)
        #expect(QueueName(composed) != QueueName(decomposed))
        #expect(Exchange(composed, .topic) != Exchange(decomposed, .topic))
        #expect(BindingPattern(composed) != BindingPattern(decomposed))
    }

    @Test("an exchange of another kind, and a binding to the nameless one, are refused")
    func refusals() async throws {
        let bus = broker.connect()
        try await bus.declare(Exchange("e", .topic))
        try await bus.declare(Exchange.toQueue)
        await #expect(throws: MessageBusError.rejected("the exchange e exists as topic")) {
            try await bus.declare(Exchange("e", .direct))
        }
        try await bus.declare(QueueDeclaration("q"))
        await #expect(throws: MessageBusError.rejected("the nameless exchange takes no bindings")) {
            try await bus.bind("q", to: .toQueue, "#")
        }
    }
}

extension Message {
    static func text(_ text: String) -> Message { Message(ByteBuffer(string: text)) }
}
