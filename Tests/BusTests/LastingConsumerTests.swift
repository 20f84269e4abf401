import Bus
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@Suite("LastingConsumer", .timeLimit(.minutes(1)))
struct LastingConsumerTests {
    @Test("a queue that is deleted under it is made anew, each time; its owner hears of the loss and of the return")
    func deleted() async throws {
        let broker = InMemoryBroker()
        let (bus, other) = (broker.connect(), broker.connect())
        let texts = Mutex<[String]>([])
        let consumer = LastingConsumer { lost throws(MessageBusError) in
            try await bus.declare(QueueDeclaration("inbox"))
            return try await bus.consume(
                "inbox", prefetch: 10, on: MultiThreadedEventLoopGroup.singleton.next(), cancelled: lost
            ) { delivery in
                texts.withLock { $0.append(String(buffer: delivery.body)) }
                delivery.acknowledge()
            }
        }
        try await consumer.open()
        let counts = Mutex((lost: 0, regained: 0))
        let keeping = Task {
            await consumer.keep(pause: .milliseconds(1)) {
                counts.withLock { $0.lost += 1 }
            } regained: {
                counts.withLock { $0.regained += 1 }
            }
        }
        for turn in 1...2 {
            try await other.delete("inbox")
            try await eventually("it is back", read: { counts.withLock { $0.regained } }, until: { $0 == turn })
            #expect(counts.withLock { $0.lost } == turn)
            #expect(await other.publish(.text("\(turn)"), to: .toQueue, key: "inbox", mandatory: true) == .confirmed)
            try await eventually(
                "what comes then is heard", read: { texts.withLock { $0.last } }, until: { $0 == "\(turn)" })
        }
        keeping.cancel()
        await keeping.value
        await consumer.cancel()
        #expect(await other.publish(.text("3"), to: .toQueue, key: "inbox", mandatory: true) == .confirmed)
        #expect(texts.withLock { $0 } == ["1", "2"])
    }
}
