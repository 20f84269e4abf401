import Bus
import NIOCore
import Synchronization
import Testing

extension MessageBusContract {
    static let delivering = [
        Case("messages of one publisher arrive in the order they were published") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue))
            let recorder = DeliveryRecorder()
            try await recorder.consume(queue, from: bus, prefetch: 100, on: stage.anyEventLoop())
            let sent = (0..<2000).map { "message \($0)" }
            for text in sent {
                bus.publish(
                    Message(ByteBuffer(string: text)), to: .toQueue, key: RoutingKey(queue.text), mandatory: true,
                    then: nil)
            }
            #expect(try await recorder.texts(atLeast: sent.count) == sent)
        },
        Case("a handler runs on its event loop, and never inside a call of publish") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue))
            let loop = stage.anyEventLoop()
            let isPublishing = Mutex(false)
            let wrong = Mutex<[String]>([])
            let count = Mutex(0)
            _ = try await bus.consume(queue, prefetch: 0, on: loop, cancelled: {}) { delivery in
                if !loop.inEventLoop { wrong.withLock { $0.append("off the loop") } }
                if isPublishing.withLock({ $0 }) { wrong.withLock { $0.append("inside publish") } }
                delivery.acknowledge()
                count.withLock { $0 += 1 }
            }
            for _ in 0..<20 {
                try await loop.submit {
                    isPublishing.withLock { $0 = true }
                    bus.publish(
                        Message(ByteBuffer(string: "x")), to: .toQueue, key: RoutingKey(queue.text), mandatory: true,
                        then: nil)
                    isPublishing.withLock { $0 = false }
                }.get()
            }
            try await eventually(read: { count.withLock { $0 } }, until: { $0 == 20 })
            #expect(wrong.withLock { $0 } == [])
        },
        Case("a delivery says where it was published, and brings all properties") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            let exchange = stage.exchange(.topic)
            try await bus.declare(exchange)
            try await bus.declare(QueueDeclaration(queue))
            try await bus.bind(queue, to: exchange, "#")
            let recorder = DeliveryRecorder()
            try await recorder.consume(queue, from: bus, on: stage.anyEventLoop())
            var properties = MessageProperties()
            properties.contentType = "text/plain"
            properties.messageID = "7-1"
            properties.type = "event"
            properties.appID = "ws-edge"
            properties.timestamp = 1_700_000_000
            properties.replyTo = "somewhere"
            properties.correlationID = "c1"
            properties.expiration = .seconds(60)
            properties.isPersistent = true
            properties.headers = ["x-perpetua-version": "1"]
            let message = Message(ByteBuffer(string: "all"), properties)
            #expect(await bus.publish(message, to: exchange, key: "10001.message", mandatory: true) == .confirmed)
            try await recorder.texts(atLeast: 1)
            let delivery = try #require(recorder.deliveries.first)
            #expect(delivery.exchange == exchange.name)
            #expect(delivery.routingKey == "10001.message")
            #expect(delivery.properties == properties)
            #expect(!delivery.redelivered)
        },
        Case("an answer reaches the asker by the name of its queue, without an exchange") { stage in
            let asker = try await stage.connect()
            let answerer = try await stage.connect()
            let inbox = stage.queue("inbox")
            try await asker.declare(QueueDeclaration(inbox, isExclusive: true))
            let recorder = DeliveryRecorder()
            try await recorder.consume(inbox, from: asker, on: stage.anyEventLoop())
            var answer = Message(ByteBuffer(string: "answer"))
            answer.properties.correlationID = "r1"
            let outcome = await answerer.publish(answer, to: .toQueue, key: RoutingKey(inbox.text), mandatory: true)
            #expect(outcome == .confirmed)
            #expect(try await recorder.texts(atLeast: 1) == ["answer"])
            #expect(recorder.deliveries.first?.exchange == "")
            #expect(recorder.deliveries.first?.properties.correlationID == "r1")
        },
        Case("a message published again arrives again, and its message id tells") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue))
            var message = Message(ByteBuffer(string: "event"))
            message.properties.messageID = "7-1"
            for _ in 0..<2 {
                #expect(await bus.publish(message, to: .toQueue, key: RoutingKey(queue.text)) == .confirmed)
            }
            let recorder = DeliveryRecorder()
            try await recorder.consume(queue, from: bus, on: stage.anyEventLoop())
            try await recorder.texts(atLeast: 2)
            #expect(recorder.deliveries.map(\.properties.messageID) == ["7-1", "7-1"])
        },
    ]
}
