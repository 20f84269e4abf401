import Bus
import NIOCore
import Testing

extension MessageBusContract {
    static let publishing = [
        Case("what no queue wants is unroutable if mandatory, else confirmed") { stage in
            let bus = try await stage.connect()
            let exchange = stage.exchange(.topic)
            try await bus.declare(exchange)
            #expect(await bus.publish("x", to: exchange, "nobody", mandatory: true) == .unroutable)
            #expect(await bus.publish("x", to: exchange, "nobody") == .confirmed)
            let missing = RoutingKey(stage.queue("missing").text)
            #expect(await bus.publish("x", to: .toQueue, missing, mandatory: true) == .unroutable)
            #expect(await bus.publish("x", to: .toQueue, missing) == .confirmed)
        },
        Case("publishing to an exchange that nobody declared is rejected, and the connection lives on") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue))
            let outcome = await bus.publish("x", to: stage.exchange(.topic, "undeclared"), "key")
            guard case .rejected(let reason) = outcome else {
                Issue.record("ended as \(outcome)")
                return
            }
            #expect(reason.contains("undeclared"))
            try await bus.fill(queue, with: ["afterwards"])
        },
        Case("a body over the limit is rejected with its size and the limit; one at the limit passes") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue))
            let limit = stage.contract.maxMessageBytes
            let tooLarge = Message(ByteBuffer(repeating: 0x78, count: limit + 1))
            let outcome = await bus.publish(tooLarge, to: .toQueue, key: RoutingKey(queue.text), mandatory: true)
            guard case .rejected(let reason) = outcome else {
                Issue.record("ended as \(outcome)")
                return
            }
            #expect(reason.contains("\(limit + 1)") && reason.contains("\(limit)"))
            let largest = Message(ByteBuffer(repeating: 0x78, count: limit))
            #expect(
                await bus.publish(largest, to: .toQueue, key: RoutingKey(queue.text), mandatory: true) == .confirmed)
            let recorder = DeliveryRecorder()
            try await recorder.consume(queue, from: bus, on: stage.anyEventLoop())
            try await recorder.texts(atLeast: 1)
            #expect(recorder.deliveries.map(\.body.readableBytes) == [limit])
        },
        Case("a message that waited longer than its expiration is not delivered") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue))
            let key = RoutingKey(queue.text)
            #expect(await bus.publish("short", to: .toQueue, key, expiration: .milliseconds(200)) == .confirmed)
            #expect(await bus.publish("long", to: .toQueue, key, expiration: .seconds(600)) == .confirmed)
            #expect(await bus.publish("endless", to: .toQueue, key) == .confirmed)
            try await stage.contract.letTimePass(.milliseconds(400))
            let recorder = DeliveryRecorder()
            try await recorder.consume(queue, from: bus, on: stage.anyEventLoop())
            #expect(try await recorder.texts(atLeast: 2) == ["long", "endless"])
        },
        Case("a queue that lets messages wait only so long drops those that did, whatever they say themselves") {
            stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue, messageTTL: .seconds(3)))
            let key = RoutingKey(queue.text)
            #expect(await bus.publish("long", to: .toQueue, key, expiration: .seconds(600)) == .confirmed)
            #expect(await bus.publish("endless", to: .toQueue, key) == .confirmed)
            try await stage.contract.letTimePass(.seconds(4))
            #expect(await bus.publish("fresh", to: .toQueue, key) == .confirmed)
            let recorder = DeliveryRecorder()
            try await recorder.consume(queue, from: bus, on: stage.anyEventLoop())
            #expect(try await recorder.texts(atLeast: 1) == ["fresh"])
        },
    ]
}
