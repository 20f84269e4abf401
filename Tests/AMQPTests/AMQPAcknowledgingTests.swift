import Bus
import NIOCore
import TestSupport
import Testing

@testable import AMQP

/// Acknowledgements that wait for each other, against a real broker.
@Suite("AMQPBus and acknowledgements", .timeLimit(.minutes(2)))
struct AMQPAcknowledgingTests {
    private let queue = QueueName(RabbitMQ.freshPrefix())
    private var key: RoutingKey { RoutingKey(queue.text) }

    private func declare(on bus: AMQPBus) async throws {
        try await bus.declare(QueueDeclaration(queue, hasSingleActiveConsumer: true, expires: .seconds(60)))
    }

    @Test("acknowledgements that waited are sent before a consumer, or the bus, goes: nothing comes again")
    func goodbye() async throws {
        let url = try RabbitMQ.ofTheRun().url
        for closesBus in [false, true] {
            let (first, second) = (try await AMQPStage.connected(to: url), try await AMQPStage.connected(to: url))
            try await declare(on: first)
            let before = DeliveryRecorder()
            try await before.consume(queue, from: first, prefetch: 4096, on: first.eventLoop)
            for number in 1...5 { #expect(await first.publish("\(number)", key) == .confirmed) }
            try await before.texts(atLeast: 5)
            if closesBus { await first.close() } else { await before.cancel() }
            let after = DeliveryRecorder()
            try await after.consume(queue, from: second, prefetch: 4096, on: second.eventLoop)
            #expect(await second.publish("last", key) == .confirmed)
            #expect(try await after.texts(atLeast: 1) == ["last"])
            await first.close()
            await second.close()
        }
    }

    @Test("an acknowledgement with none after it is sent all the same")
    func timed() async throws {
        let node = try RabbitMQ.ofTheRun()
        let bus = try await AMQPStage.connected(to: node.url)
        try await declare(on: bus)
        let recorder = DeliveryRecorder()
        try await recorder.consume(queue, from: bus, prefetch: 4096, on: bus.eventLoop)
        #expect(await bus.publish("x", key) == .confirmed)
        try await recorder.texts(atLeast: 1)
        try await eventually("it is sent") {
            try await bus.eventLoop.submit { bus.consumers.values.allSatisfy { $0.hasSentAcks } }.get()
        }
        await bus.close()
    }
}
