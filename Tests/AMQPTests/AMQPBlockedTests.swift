import AMQP
import Bus
import TestSupport
import Testing

@Suite("AMQPBus in a memory alarm", .timeLimit(.minutes(3)))
struct AMQPBlockedTests {
    @Test("what is persistent waits and is confirmed afterwards, in order; the rest fails at once; deliveries go on")
    func alarm() async throws {
        try await withRabbitMQ { node in
            let bus = try await AMQPStage.connected(to: node.url)
            try await bus.declare(QueueDeclaration("old"))
            try await bus.declare(QueueDeclaration("new"))
            for number in 0..<5 { #expect(await bus.publish("\(number)", "old") == .confirmed) }
            try await node.setMemoryAlarm(true)
            let outcomes = OutcomeRecorder()
            // The broker says that it is blocked only to those who publish.
            bus.publish("0", "new", then: outcomes.then("0"))
            try await eventually(
                read: { bus.status },
                until: { if case .blocked(let reason) = $0 { reason.contains("memory") } else { false } })
            for number in 1..<100 { bus.publish("\(number)", "new", then: outcomes.then("\(number)")) }
            #expect(await bus.publish("transient", "new", isPersistent: false).isUnreachable)
            let old = DeliveryRecorder()
            try await old.consume("old", from: bus, on: AMQPStage.anyEventLoop())
            #expect(try await old.texts(atLeast: 5) == (0..<5).map { "\($0)" })
            try await bus.declare(QueueDeclaration("declared meanwhile"))
            let new = DeliveryRecorder()
            try await new.consume("new", from: bus, on: AMQPStage.anyEventLoop())
            #expect(outcomes.outcomes.isEmpty)
            try await node.setMemoryAlarm(false)
            try await bus.isConnected()
            try await eventually(read: { outcomes.confirmed }, until: { $0 == (0..<100).map { "\($0)" } })
            #expect(try await new.texts(atLeast: 100) == (0..<100).map { "\($0)" })
            await bus.close()
        }
    }

    @Test("closing returns during the alarm; the broker lost during it is connected to again")
    func endings() async throws {
        try await withRabbitMQ { node in
            let bus = try await AMQPStage.connected(to: node.url)
            try await bus.declare(QueueDeclaration("q"))
            try await node.setMemoryAlarm(true)
            let outcomes = OutcomeRecorder()
            bus.publish("sent", "q", then: outcomes.then("sent"))
            try await eventually(read: { bus.status }, until: { if case .blocked = $0 { true } else { false } })
            bus.publish("kept", "q", then: outcomes.then("kept"))
            try await node.kill9()
            try await eventually(read: { outcomes.outcomes.count }, until: { $0 == 2 })
            #expect(outcomes.outcomes.contains(.unknown) && outcomes.outcomes.contains { $0.isUnreachable })
            try await node.start()
            try await bus.isConnected()
            #expect(await bus.publish("x", "q") == .confirmed)
            try await node.setMemoryAlarm(true)
            bus.publish("sent", "q", then: outcomes.then("sent"))
            try await eventually(read: { bus.status }, until: { if case .blocked = $0 { true } else { false } })
            let start = ContinuousClock.now
            await bus.close()
            #expect(ContinuousClock.now - start < .seconds(6))
            #expect(outcomes.outcomes.count == 3)
        }
    }
}
