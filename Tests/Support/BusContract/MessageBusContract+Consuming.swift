import Bus
import NIOCore
import Synchronization
import Testing

extension MessageBusContract {
    static let consuming = [
        Case("no more than prefetch are unacknowledged; acknowledging twice counts once") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue))
            try await bus.fill(queue, with: ["1", "2", "3", "4", "5"])
            let greedy = DeliveryRecorder(.byHand)
            try await greedy.consume(queue, from: bus, prefetch: 2, on: stage.anyEventLoop())
            try await greedy.texts(atLeast: 2)
            let first = try #require(greedy.deliveries.first)
            first.acknowledge()
            first.acknowledge()
            #expect(try await greedy.texts(atLeast: 3) == ["1", "2", "3"])
            // If a fourth had been delivered, the next consumer would not get it.
            let next = DeliveryRecorder()
            try await next.consume(queue, from: bus, on: stage.anyEventLoop())
            #expect(try await next.texts(atLeast: 2) == ["4", "5"])
            #expect(greedy.texts == ["1", "2", "3"])
        },
        Case("prefetch 0 sets no limit, and acknowledging works from any thread") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue))
            let texts = (0..<500).map { "\($0)" }
            try await bus.fill(queue, with: texts)
            let recorder = DeliveryRecorder(.byHand)
            try await recorder.consume(queue, from: bus, prefetch: 0, on: stage.anyEventLoop())
            #expect(try await recorder.texts(atLeast: 500) == texts)
            await withTaskGroup { group in
                for delivery in recorder.deliveries { group.addTask { delivery.acknowledge() } }
            }
            await recorder.cancel()
            try await bus.fill(queue, with: ["only this"])
            let next = DeliveryRecorder()
            try await next.consume(queue, from: bus, on: stage.anyEventLoop())
            #expect(try await next.texts(atLeast: 1) == ["only this"])
        },
        Case("what a consumer did not acknowledge comes again, first and in order, marked as redelivered") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue))
            try await bus.fill(queue, with: ["1", "2", "3", "4"])
            let recorder = DeliveryRecorder(.byHand)
            try await recorder.consume(queue, from: bus, prefetch: 3, on: stage.anyEventLoop())
            try await recorder.texts(atLeast: 3)
            recorder.deliveries[1].acknowledge()
            try await recorder.texts(atLeast: 4)
            await recorder.cancel()
            try await bus.fill(queue, with: ["5"])
            let next = DeliveryRecorder()
            try await next.consume(queue, from: bus, on: stage.anyEventLoop())
            #expect(try await next.texts(atLeast: 4) == ["1", "3", "4", "5"])
            #expect(next.deliveries.map(\.redelivered) == [true, true, true, false])
            recorder.deliveries[0].acknowledge()
        },
        Case("after cancel has returned, no handler call starts") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue))
            let recorder = DeliveryRecorder()
            try await recorder.consume(queue, from: bus, on: stage.anyEventLoop())
            let message = Message(ByteBuffer(string: "x"))
            for _ in 0..<1000 {
                bus.publish(message, to: .toQueue, key: RoutingKey(queue.text), mandatory: true, then: nil)
            }
            await recorder.cancel()
            let seen = recorder.texts.count
            try await bus.fill(queue, with: ["end"])
            let next = DeliveryRecorder()
            try await next.consume(queue, from: bus, on: stage.anyEventLoop())
            try await eventually(read: { next.texts.last }, until: { $0 == "end" })
            #expect(recorder.texts.count == seen)
            #expect(recorder.cancellations == 0)
            #expect(seen + next.texts.count >= 1001)
        },
        Case("several consumers of a queue take turns") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue))
            let recorders = [DeliveryRecorder(), DeliveryRecorder()]
            for recorder in recorders { try await recorder.consume(queue, from: bus, on: stage.anyEventLoop()) }
            try await bus.fill(queue, with: (0..<10).map { "\($0)" })
            for recorder in recorders { try await recorder.texts(atLeast: 5) }
            #expect(recorders.map { $0.texts.count } == [5, 5])
            #expect(Set(recorders.flatMap(\.texts)).count == 10)
        },
        Case("a queue with a single active consumer delivers to the first; the next takes over in order") { stage in
            let bus = try await stage.connect()
            let other = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue, hasSingleActiveConsumer: true))
            let first = DeliveryRecorder(.byHand)
            let second = DeliveryRecorder()
            try await first.consume(queue, from: bus, on: stage.anyEventLoop())
            try await second.consume(queue, from: other, on: stage.anyEventLoop())
            let texts = (0..<20).map { "\($0)" }
            try await other.fill(queue, with: texts)
            #expect(try await first.texts(atLeast: 20) == texts)
            for delivery in first.deliveries.prefix(5) { delivery.acknowledge() }
            #expect(second.texts.isEmpty)
            await first.cancel()
            #expect(try await second.texts(atLeast: 15) == Array(texts.dropFirst(5)))
        },
        Case("consuming a queue that does not exist fails") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            await #expect(throws: MessageBusError.noSuchQueue(queue)) {
                try await DeliveryRecorder().consume(queue, from: bus, on: stage.anyEventLoop())
            }
        },
        Case("a consumer whose queue is deleted hears it once, on its event loop; what waited is gone") { stage in
            let bus = try await stage.connect()
            let other = try await stage.connect()
            let queue = stage.queue()
            let loop = stage.anyEventLoop()
            try await bus.declare(QueueDeclaration(queue))
            try await bus.fill(queue, with: ["taken", "waiting"])
            let calls = Mutex<[Bool]>([])
            let taken = Mutex<[Delivery]>([])
            let consumer = try await bus.consume(
                queue, prefetch: 1, on: loop,
                cancelled: { calls.withLock { $0.append(loop.inEventLoop) } },
                handler: { delivery in taken.withLock { $0.append(delivery) } })
            try await eventually(read: { taken.withLock { $0.count } }, until: { $0 == 1 })
            try await other.delete(queue)
            try await eventually(read: { calls.withLock { $0 } }, until: { $0 == [true] })
            for delivery in taken.withLock({ $0 }) { delivery.acknowledge() }
            await consumer.cancel()
            #expect(calls.withLock { $0.count } == 1)
            #expect(await bus.publish("x", to: .toQueue, RoutingKey(queue.text), mandatory: true) == .unroutable)
            try await bus.declare(QueueDeclaration(queue))
            try await bus.fill(queue, with: ["new"])
            let recorder = DeliveryRecorder()
            try await recorder.consume(queue, from: bus, on: loop)
            #expect(try await recorder.texts(atLeast: 1) == ["new"])
            try await bus.delete(stage.queue("never there"))
        },
    ]
}
