import Bus
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@Suite("InMemoryBus under load", .timeLimit(.minutes(1)))
struct InMemoryBusStressTests {
    @Test("several publishers on several threads: each one's messages arrive once and in order")
    func orderPerPublisher() async throws {
        let broker = InMemoryBroker()
        let bus = broker.connect()
        let exchange = Exchange("events", .topic)
        try await bus.declare(exchange)
        try await bus.declare(QueueDeclaration("inbox", maxLengthBytes: 4096))
        try await bus.bind("inbox", to: exchange, "*.message.#")
        let group = MultiThreadedEventLoopGroup.singleton
        let recorder = DeliveryRecorder()
        try await recorder.consume("inbox", from: bus, prefetch: 64, on: group.next())
        let publishers = 4
        let each = 2000
        let outcomes = OutcomeRecorder()
        try await withThrowingTaskGroup { tasks in
            for publisher in 0..<publishers {
                let connection = broker.connect()
                let loop = group.next()
                tasks.addTask {
                    try await loop.submit {
                        for number in 0..<each {
                            let text = "\(publisher) \(number)"
                            connection.publish(
                                .text(text), to: exchange, key: RoutingKey("\(publisher).message.group"),
                                mandatory: true,
                                then: outcomes.then(text))
                        }
                    }.get()
                }
            }
            try await tasks.waitForAll()
        }
        let texts = try await recorder.texts(atLeast: publishers * each)
        for publisher in 0..<publishers {
            let mine = texts.filter { $0.hasPrefix("\(publisher) ") }
            #expect(mine == (0..<each).map { "\(publisher) \($0)" })
        }
        try await eventually(read: { outcomes.outcomes.count }, until: { $0 == publishers * each })
        #expect(Set(outcomes.outcomes) == [.confirmed])
        await bus.close()
    }

    @Test("consumers that come and go under load lose nothing, and each sees the queue's order")
    func comingAndGoing() async throws {
        let bus = InMemoryBroker().connect()
        try await bus.declare(QueueDeclaration("q", hasSingleActiveConsumer: true))
        let group = MultiThreadedEventLoopGroup.singleton
        let count = 5000
        let publishing = group.next().submit {
            for number in 0..<count {
                bus.publish(.text("\(number)"), to: .toQueue, key: "q", mandatory: true, then: nil)
            }
        }
        var seen: [Int] = []
        while seen.last != count - 1 {
            let recorder = DeliveryRecorder()
            try await recorder.consume("q", from: bus, prefetch: 10, on: group.next())
            try await recorder.texts(atLeast: 1)
            await recorder.cancel()
            seen += recorder.texts.compactMap { Int($0) }
        }
        try await publishing.get()
        #expect(seen == Array(0..<count))
        await bus.close()
    }
}
