import Bus
import NIOCore
import TestSupport
import Testing

@testable import AMQP

/// What the broker does not take: logins, permissions, messages.
@Suite("AMQPBus and a broker that refuses", .timeLimit(.minutes(3)))
struct AMQPRefusalTests {
    @Test("a wrong password or virtual host is said with the settings to look at, and tried again, slowly")
    func login() async throws {
        let node = try RabbitMQ.ofTheRun()
        for (url, words) in [
            (node.url.replacing("guest:guest", with: "guest:wrong"), ["ACCESS_REFUSED", "amqp.password"]),
            (node.url + "nowhere", ["vhost nowhere not found", "amqp.url"]),
        ] {
            try await withTCPProxy(to: node.port) { proxy in
                let bus = try AMQPStage.bus(at: url.replacing(":\(node.port)", with: ":\(proxy.port)"))
                let obstacle = try await bus.isDisconnected("refused us")
                for word in words { #expect(obstacle.contains(word)) }
                #expect(!obstacle.contains("wrong"))
                await bus.close()
            }
        }
    }

    @Test("a missing permission is said with what it is for; the connection lives on where only a question was refused")
    func permissions() async throws {
        let node = try RabbitMQ.ofTheRun()
        let host = try await node.makeVirtualHost()
        let name = try #require(AMQPAddress(host)).virtualHost
        let user = RabbitMQ.freshPrefix()
        try await node.control("add_user", user, "secret")
        try await node.control("set_permissions", "-p", name, user, "^may", "^may-write|^amq", ".*")
        let bus = try await AMQPStage.connected(to: host) {
            $0.username = user
            $0.password = "secret"
        }
        let statuses = StatusRecorder(of: bus)
        do {
            try await bus.declare(QueueDeclaration("forbidden"))
            Issue.record("it was declared")
        } catch {
            #expect("\(error)".contains("'forbidden'") && "\(error)".contains("amqp.username"))
        }
        try await bus.declare(QueueDeclaration("may-write"))
        #expect(statuses.statuses == [.connected])
        try await bus.declare(Exchange("may-not-write", .topic))
        let rejection = try #require(await bus.publish("x", to: Exchange("may-not-write", .topic), "k").rejection)
        #expect(rejection.contains("'may-not-write'") && rejection.contains("amqp.username"))
        try await bus.isConnected()
        await bus.close()
        try await node.control("delete_user", user)
        try await node.control("delete_vhost", name)
    }

    @Test("a message to an exchange that was deleted is rejected, others are unknown, and the bus recovers")
    func deletedExchange() async throws {
        let node = try RabbitMQ.ofTheRun()
        let prefix = RabbitMQ.freshPrefix()
        let (doomed, good) = (Exchange("\(prefix).doomed", .topic), Exchange("\(prefix).good", .topic))
        let bus = try await AMQPStage.connected(to: node.url)
        for exchange in [doomed, good] { try await bus.declare(exchange) }
        try await node.deleteExchange(doomed.name)
        let outcomes = OutcomeRecorder()
        // In one turn of the loop, so that all are under way when the channel closes.
        try await bus.eventLoop.submit {
            bus.publish("bad", to: doomed, "k", mandatory: false, then: outcomes.then("bad"))
            for _ in 0..<5 { bus.publish("good", to: good, "k", mandatory: false, then: outcomes.then("good")) }
        }.get()
        try await eventually(read: { outcomes.outcomes.count }, until: { $0 == 6 })
        let rejections = outcomes.outcomes.compactMap(\.rejection)
        #expect(rejections.count == 1 && rejections.allSatisfy { $0.contains(doomed.name) })
        #expect(outcomes.outcomes.count { $0 == .unknown } == 5)
        try await bus.isConnected()
        #expect(await bus.publish("x", to: doomed, "k", mandatory: false) == .confirmed)
        await bus.close()
        for exchange in [doomed, good] { try await node.deleteExchange(exchange.name) }
    }

    @Test("a message that is too large for the broker is rejected; one that ends every connection does not spin")
    func tooLarge() async throws {
        try await withRabbitMQ { node in
            try await node.restart(adding: ["max_message_size = 100000"])
            let bus = try await AMQPStage.connected(to: node.url)
            try await bus.declare(QueueDeclaration("q"))
            #expect(await bus.publish(String(repeating: "x", count: 100_000), "q") == .confirmed)
            let statuses = StatusRecorder(of: bus)
            let outcomes = OutcomeRecorder()
            bus.watch { [weak bus] status in
                guard status == .connected else { return }
                bus?.publish(String(repeating: "x", count: 100_001), "q", then: outcomes.then("large"))
            }
            try await AMQPStage.passes(.seconds(4))
            #expect(statuses.connects < 15)
            #expect(outcomes.outcomes.count >= 2)
            #expect(outcomes.outcomes.allSatisfy { $0.rejection?.contains("100001") == true })
            await bus.close()
        }
    }
}

extension RabbitMQ {
    fileprivate func deleteExchange(_ name: String) async throws {
        try await evaluate(
            "rabbit_exchange:delete(rabbit_misc:r(<<\"/\">>, exchange, <<\"\(name)\">>), false, <<\"test\">>).")
    }
}
