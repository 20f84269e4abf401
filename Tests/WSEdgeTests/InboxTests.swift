import Bus
import Contracts
import Dispatch
import Logging
import NIOCore
import NIOPosix
import OneBot
import SettingsReading
import Synchronization
import TestSupport
import Testing

@testable import WSEdge

@Suite("The edge's inbox", .timeLimit(.minutes(1)))
struct InboxTests {
    /// The kinds of deliveries that take room in a shard.
    enum Kind: String, CaseIterable { case event, broadcast, callback, answer }

    @Test("a delivery is acknowledged when the shards have room for it, whatever it is", arguments: Kind.allCases)
    func room(kind: Kind) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let edge = WSEdgeService(
            configuration: WSEdgeConfiguration(Settings()), bus: InMemoryBroker().connect(), eventLoopGroup: group,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        // The inbox is on the first loop; the other is busy with something else.
        let loops = Array(group.makeIterator())
        let goOn = DispatchSemaphore(value: 0)
        loops[1].execute { goOn.wait() }
        let acknowledged = Mutex(0)
        let part = 1 << 20
        let count = Inbox.maxBacklogBytes / part + 8
        let deliveries = (0..<count).map { index in
            Self.delivery(kind, number: index, bytes: part) { acknowledged.withLock { $0 += 1 } }
        }
        try await loops[0].submit { for delivery in deliveries { edge.inbox.receive(delivery) } }.get()
        let before = acknowledged.withLock { $0 }
        #expect((1..<count).contains(before), "those there was room for")
        goOn.signal()
        try await eventually("all are acknowledged", read: { acknowledged.withLock { $0 } }, until: { $0 == count })
        try await group.shutdownGracefully()
    }

    private static func delivery(
        _ kind: Kind, number: Int, bytes: Int, acknowledged: @escaping @Sendable () -> Void
    ) -> Delivery {
        let text = ByteBuffer(string: "\"" + String(repeating: "x", count: bytes) + "\"")
        let exchanges = Exchanges()
        var properties = MessageProperties("test", from: .edge, id: "1-\(number + 1)")
        let body: ByteBuffer
        let exchange: String
        let key: RoutingKey
        switch kind {
        case .event:
            (body, exchange, key) = (text, exchanges.events.name, "10001.message.private._")
        case .broadcast, .callback:
            body = DistributedMessage(uuid: "u", sender: Client(appID: "a"), targets: ["b"], data: text).encoded
            exchange = kind == .broadcast ? exchanges.broadcast.name : exchanges.callback.name
            key = "edge.edge.1"
        case .answer:
            // Sessions with odd numbers live in the second shard.
            properties.correlationID = CallID(session: 3, call: 1).text
            (body, exchange, key) = (text, Exchange.toQueue.name, "inbox")
        }
        return Delivery(
            Message(body, properties), exchange: exchange, routingKey: key, redelivered: false,
            onAcknowledge: acknowledged)
    }
}
