import AMQP
import Bus
import TestSupport
import Testing

@Suite("AMQPBus and a silent broker", .timeLimit(.minutes(3)))
struct AMQPSilenceTests {
    @Test(
        "a broker that hangs is given up after two heartbeats; what was asked and published ends, and so does closing")
    func frozen() async throws {
        try await withRabbitMQ { node in
            let bus = try await AMQPStage.connected(to: node.url) { $0.heartbeat = .seconds(1) }
            try await bus.declare(QueueDeclaration("q"))
            let recorder = DeliveryRecorder()
            try await recorder.consume("q", from: bus, on: AMQPStage.anyEventLoop())
            try await node.freeze()
            let start = ContinuousClock.now
            async let outcome = bus.publish("x", "q")
            await #expect(throws: MessageBusError.disconnected) { try await bus.declare(QueueDeclaration("other")) }
            #expect(await outcome == .unknown)
            #expect(ContinuousClock.now - start < .seconds(6))
            try await bus.isDisconnected()
            await recorder.cancel()
            try await node.thaw()
            try await bus.isConnected()
            #expect(await bus.publish("y", "q") == .confirmed)
            try await node.freeze()
            try await bus.isDisconnected()
            await bus.close()
            try await node.thaw()
        }
    }

    @Test("closing returns though a frozen broker is not found out yet")
    func closingFrozen() async throws {
        try await withRabbitMQ { node in
            let bus = try await AMQPStage.connected(to: node.url)
            try await node.freeze()
            let start = ContinuousClock.now
            let outcome = OutcomeRecorder()
            bus.publish("x", "q", then: outcome.then("x"))
            await bus.close()
            #expect(ContinuousClock.now - start < .seconds(8))
            #expect(outcome.outcomes == [.unknown])
            try await node.thaw()
        }
    }

    @Test("a network cut of two seconds goes unnoticed")
    func shortCut() async throws {
        let node = try RabbitMQ.ofTheRun()
        try await withTCPProxy(to: node.port) { proxy in
            let bus = try await AMQPStage.connected(to: node.url(through: proxy.port))
            let queue = QueueName(RabbitMQ.freshPrefix())
            try await bus.declare(QueueDeclaration(queue, isExclusive: true))
            let recorder = DeliveryRecorder()
            try await recorder.consume(queue, from: bus, on: AMQPStage.anyEventLoop())
            let statuses = StatusRecorder(of: bus)
            try await proxy.cut()
            let outcomes = OutcomeRecorder()
            bus.publish("x", RoutingKey(queue.text), then: outcomes.then("x"))
            try await AMQPStage.passes(.seconds(2))
            #expect(outcomes.outcomes.isEmpty)
            try await proxy.heal()
            try await recorder.texts(atLeast: 1)
            try await eventually(read: { outcomes.outcomes.count }, until: { $0 == 1 })
            #expect(outcomes.confirmed == ["x"])
            #expect(statuses.statuses == [.connected] && recorder.cancellations == 0)
            await bus.close()
        }
    }

    @Test("a longer one is an outage: the claim is gone, and can be had again once the network is back")
    func longCut() async throws {
        let node = try RabbitMQ.ofTheRun()
        try await withTCPProxy(to: node.port) { proxy in
            let bus = try await AMQPStage.connected(to: node.url(through: proxy.port)) { $0.heartbeat = .seconds(1) }
            let claim = QueueDeclaration(QueueName(RabbitMQ.freshPrefix()), isExclusive: true)
            try await bus.declare(claim)
            let recorder = DeliveryRecorder()
            try await recorder.consume(claim.name, from: bus, on: AMQPStage.anyEventLoop())
            try await proxy.cut()
            try await bus.isDisconnected("silent")
            try await eventually(read: { recorder.cancellations }, until: { $0 == 1 })
            try await proxy.heal()
            try await bus.isConnected()
            try await eventually(within: .seconds(20), "the claim is free") {
                do {
                    try await bus.declare(claim)
                    return true
                } catch MessageBusError.locked {
                    // The broker has not yet found out that the old connection is gone.
                    return false
                }
            }
            await bus.close()
        }
    }
}
