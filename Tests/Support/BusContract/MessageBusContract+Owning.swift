import Bus
import NIOCore
import Testing

extension MessageBusContract {
    static let owning = [
        Case("an exclusive queue is locked for other connections, but may be published to") { stage in
            let owner = try await stage.connect()
            let other = try await stage.connect()
            let queue = stage.queue("claim")
            let exchange = stage.exchange(.topic)
            let claim = QueueDeclaration(queue, isExclusive: true)
            try await owner.declare(exchange)
            try await owner.declare(claim)
            try await owner.declare(claim)
            let locked = MessageBusError.locked(queue)
            await #expect(throws: locked) { try await other.declare(claim) }
            await #expect(throws: locked) { try await other.bind(queue, to: exchange, "#") }
            await #expect(throws: locked) { try await other.delete(queue) }
            await #expect(throws: locked) {
                try await DeliveryRecorder().consume(queue, from: other, on: stage.anyEventLoop())
            }
            try await other.fill(queue, with: ["to the owner"])
            let recorder = DeliveryRecorder()
            try await recorder.consume(queue, from: owner, on: stage.anyEventLoop())
            #expect(try await recorder.texts(atLeast: 1) == ["to the owner"])
        },
        Case("an exclusive queue goes with its connection, and then another may have it") { stage in
            let owner = try await stage.connect()
            let other = try await stage.connect()
            let queue = stage.queue("claim")
            let claim = QueueDeclaration(queue, isExclusive: true)
            try await owner.declare(claim)
            try await owner.fill(queue, with: ["lost with it"])
            await owner.close()
            #expect(await other.publish("x", to: .toQueue, RoutingKey(queue.text), mandatory: true) == .unroutable)
            try await other.declare(claim)
            try await other.fill(queue, with: ["new"])
            let recorder = DeliveryRecorder()
            try await recorder.consume(queue, from: other, on: stage.anyEventLoop())
            #expect(try await recorder.texts(atLeast: 1) == ["new"])
        },
        Case("declaring a queue again is fine if it is the same, else it differs") { stage in
            let bus = try await stage.connect()
            let other = try await stage.connect()
            let queue = stage.queue()
            let declaration = QueueDeclaration(queue, expires: .seconds(600), maxLengthBytes: 1 << 20)
            try await bus.declare(declaration)
            try await bus.fill(queue, with: ["kept"])
            try await other.declare(declaration)
            var changed = declaration
            changed.maxLengthBytes += 1
            await #expect(throws: MessageBusError.differs(queue)) { try await other.declare(changed) }
            changed = declaration
            changed.hasSingleActiveConsumer = true
            await #expect(throws: MessageBusError.differs(queue)) { try await bus.declare(changed) }
            let recorder = DeliveryRecorder()
            try await recorder.consume(queue, from: other, on: stage.anyEventLoop())
            #expect(try await recorder.texts(atLeast: 1) == ["kept"])
        },
        Case("a closed connection refuses everything, and its publishes end as unknown") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            let exchange = stage.exchange(.topic)
            try await bus.declare(exchange)
            try await bus.declare(QueueDeclaration(queue))
            await bus.close()
            await bus.close()
            await #expect(throws: MessageBusError.closed) { try await bus.declare(exchange) }
            await #expect(throws: MessageBusError.closed) { try await bus.declare(QueueDeclaration(queue)) }
            await #expect(throws: MessageBusError.closed) { try await bus.bind(queue, to: exchange, "#") }
            await #expect(throws: MessageBusError.closed) { try await bus.unbind(queue, from: exchange, "#") }
            await #expect(throws: MessageBusError.closed) { try await bus.delete(queue) }
            await #expect(throws: MessageBusError.closed) {
                try await DeliveryRecorder().consume(queue, from: bus, on: stage.anyEventLoop())
            }
            #expect(await bus.publish("x", to: exchange, "key") == .unknown)
        },
        Case("what a closed connection had not acknowledged goes to the next consumer, first") { stage in
            let bus = try await stage.connect()
            let other = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue))
            try await bus.fill(queue, with: ["1", "2", "3"])
            let recorder = DeliveryRecorder(.byHand)
            try await recorder.consume(queue, from: bus, prefetch: 2, on: stage.anyEventLoop())
            try await recorder.texts(atLeast: 2)
            await bus.close()
            let next = DeliveryRecorder()
            try await next.consume(queue, from: other, on: stage.anyEventLoop())
            #expect(try await next.texts(atLeast: 3) == ["1", "2", "3"])
            #expect(next.deliveries.map(\.redelivered) == [true, true, false])
            #expect(recorder.texts == ["1", "2"])
        },
        Case("a queue that expires goes when it had no consumer for that long") { stage in
            let bus = try await stage.connect()
            let idle = stage.queue("idle")
            let used = stage.queue("used")
            for queue in [idle, used] {
                try await bus.declare(QueueDeclaration(queue, expires: .seconds(2)))
            }
            let recorder = DeliveryRecorder()
            try await recorder.consume(used, from: bus, on: stage.anyEventLoop())
            try await stage.contract.letTimePass(.seconds(3))
            #expect(await bus.publish("x", to: .toQueue, RoutingKey(idle.text), mandatory: true) == .unroutable)
            #expect(await bus.publish("x", to: .toQueue, RoutingKey(used.text), mandatory: true) == .confirmed)
            await recorder.cancel()
            try await stage.contract.letTimePass(.seconds(3))
            #expect(await bus.publish("x", to: .toQueue, RoutingKey(used.text), mandatory: true) == .unroutable)
        },
    ]
}
