import Bus
import Contracts
import NIOCore
import NIOPosix

/// The bus of one process.
enum InMemory {
    static let all = [
        Benchmark(
            name: "bus-publish-to-acknowledge",
            title: "publish an event on the in-memory bus, consume and acknowledge it", count: 2000
        ) {
            let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
            let exchange = Exchanges().events
            let (publisher, consumer) = try await buses(exchange)
            let arrivals = Arrivals()
            _ = try await consumer.consume(
                "benchmark", prefetch: 1000, on: eventLoop, cancelled: {},
                handler: { delivery in
                    delivery.acknowledge()
                    arrivals.count += 1
                })
            var properties = MessageProperties("event", from: .edge, id: "1700000000000-4711", at: 1_700_000_000)
            properties.isPersistent = true
            let message = Message(Frames.event, properties)
            return .turns(
                Turns(on: eventLoop) {
                    arrivals.expect(1)
                    publisher.publish(
                        message, to: exchange, key: "10001.message.group.normal", mandatory: false,
                        then: { _ in arrivals.confirmed += 1 })
                } hasEnded: {
                    arrivals.areComplete
                })
        }
    ]

    private static func buses(_ exchange: Exchange) async throws -> (InMemoryBus, InMemoryBus) {
        let broker = InMemoryBroker()
        let (publisher, consumer) = (broker.connect(), broker.connect())
        try await consumer.declare(exchange)
        try await consumer.declare(QueueDeclaration("benchmark", isExclusive: true))
        try await consumer.bind("benchmark", to: exchange, "#")
        return (publisher, consumer)
    }
}

/// What has arrived, and what is still to arrive.
///
/// `@unchecked Sendable`: touched on the benchmark's event loop only.
final class Arrivals: @unchecked Sendable {  // confined to its event loop, as said above
    var count = 0
    var confirmed = 0
    private var expected = 0

    func expect(_ more: Int) { expected += more }

    var areComplete: Bool { count >= expected }

    /// From now on nothing more is expected than has arrived.
    func settle() { expected = count }
}
