import Bus
import NIOCore
import TestSupport
import Testing

@testable import AMQP

@Suite("A broker that is not RabbitMQ", .timeLimit(.minutes(1)))
struct ExclusivityProbeTests {
    @Test("one that gives an exclusive queue to two at once is refused with a sentence, whatever it calls itself")
    func shared() async throws {
        let broker = ScriptedBroker(exclusive: .toAll)
        let bus = try AMQPStage.bus(at: try await broker.start())
        let statuses = StatusRecorder(of: bus)
        let obstacle = try await bus.isDisconnected("exclusive queue")
        #expect(obstacle.contains("RabbitMQ"))
        #expect(obstacle.contains("127.0.0.1"))
        try await eventually("it is asked again") { broker.logins > 2 }
        #expect(statuses.connects == 0)
        await bus.close()
        try await broker.stop()
    }

    @Test("one that says it is something else is refused by that name, before it has heard the password")
    func product() async throws {
        let broker = ScriptedBroker(product: "LavinMQ")
        let bus = try AMQPStage.bus(at: try await broker.start())
        let obstacle = try await bus.isDisconnected("LavinMQ")
        #expect(obstacle.contains("Perpetua needs RabbitMQ"))
        #expect(broker.logins == 0)
        await bus.close()
        try await broker.stop()
    }

    @Test("one that keeps the promise is tried once: neither a later loss nor a second look costs it anything")
    func once() async throws {
        let broker = ScriptedBroker()
        let bus = try await AMQPStage.connected(to: try await broker.start())
        let tried = broker.declared
        #expect(tried.count == 2 * ExclusivityProbe.pairs)
        #expect(Set(tried).count == ExclusivityProbe.pairs)
        #expect(tried.allSatisfy { $0.hasPrefix("perpetua.probe.") })
        broker.dropAll()
        try await eventually("it is connected again") { broker.logins == 4 && bus.status == .connected }
        #expect(broker.declared == tried)
        await bus.close()
        try await broker.stop()
    }

    @Test("a user who may not declare such queues is not kept out for that; the prefix is that of all names")
    func forbidden() async throws {
        let broker = ScriptedBroker(exclusive: .toNobody)
        let bus = try await AMQPStage.connected(to: try await broker.start()) { $0.prefix = "other" }
        #expect(broker.declared.allSatisfy { $0.hasPrefix("other.probe.") })
        await bus.close()
        try await broker.stop()
    }

    @Test("RabbitMQ passes, and nothing of the trial is left")
    func rabbitMQ() async throws {
        let node = try RabbitMQ.ofTheRun()
        let bus = try await AMQPStage.connected(to: try await node.makeVirtualHost())
        #expect(bus.isProven)
        await bus.close()
    }

    @Test("what is told by outcomes")
    func verdict() {
        typealias Attempt = ExclusivityProbe.Attempt
        let all: [Attempt] = [.granted, .locked, .forbidden]
        for one in all {
            for other in all {
                let both = one == .granted && other == .granted
                #expect(ExclusivityProbe.isShared([(.granted, .locked), (one, other)]) == both)
            }
        }
        #expect(!ExclusivityProbe.isShared([]))
    }
}
