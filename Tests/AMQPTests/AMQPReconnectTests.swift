import Bus
import NIOCore
import TestSupport
import Testing

@testable import AMQP

/// Against nodes of their own, which are killed, and through a proxy that can cut the connection.
@Suite("AMQPBus connects again", .timeLimit(.minutes(5)))
struct AMQPReconnectTests {
    @Test("killed again and again, the broker finds all as it was: only claims are gone, and their consumers know")
    func killed() async throws {
        try await withRabbitMQ { node in
            let bus = try await AMQPStage.connected(to: node.url)
            let exchange = Exchange("events", .topic)
            try await bus.declare(exchange)
            try await bus.declare(QueueDeclaration("lasting"))
            try await bus.bind("lasting", to: exchange, "k.#")
            let lasting = DeliveryRecorder()
            try await lasting.consume("lasting", from: bus, on: AMQPStage.anyEventLoop())
            let statuses = StatusRecorder(of: bus)
            let firsts = OutcomeRecorder()
            bus.watch { [weak bus] status in
                guard status == .connected else { return }
                bus?.publish("first", to: exchange, "k.first", then: firsts.then("first"))
            }
            for round in 1...3 {
                let claimed = DeliveryRecorder()
                try await bus.declare(QueueDeclaration("claim", isExclusive: true))
                try await claimed.consume("claim", from: bus, on: AMQPStage.anyEventLoop())
                #expect(await bus.publish("before \(round)", to: exchange, "k.a") == .confirmed)
                try await node.freeze()
                let inFlight = OutcomeRecorder()
                for number in 0..<10 { bus.publish("lost", to: exchange, "k.a", then: inFlight.then("\(number)")) }
                // Now all of them have been sent, however busy the machine is.
                try await bus.eventLoop.submit {}.get()
                try await node.kill9()
                try await eventually(read: { inFlight.outcomes.count }, until: { $0 == 10 })
                #expect(inFlight.outcomes.allSatisfy { $0 == .unknown })
                try await bus.isDisconnected()
                #expect(await bus.publish("meanwhile", to: exchange, "k.a").isUnreachable)
                try await eventually(read: { claimed.cancellations }, until: { $0 == 1 })
                await claimed.cancel()
                try await node.start()
                try await bus.isConnected()
                #expect(await bus.publish("after \(round)", to: exchange, "k.a") == .confirmed)
                try await eventually(read: { lasting.texts }, until: { $0.contains("after \(round)") })
                #expect(claimed.cancellations == 1)
            }
            #expect(lasting.cancellations == 0)
            try await eventually(read: { firsts.outcomes.count }, until: { $0 == 4 })
            #expect(firsts.outcomes.allSatisfy { $0 == .confirmed })
            #expect(statuses.losses == 3 && statuses.connects == 4)
            #expect(!lasting.texts.contains("meanwhile"))
            await lasting.cancel()
            await bus.close()
        }
    }

    @Test("what a consumer answers to the first delivery after an outage goes out")
    func answering() async throws {
        let node = try RabbitMQ.ofTheRun()
        try await withTCPProxy(to: node.port) { proxy in
            let bus = try await AMQPStage.connected(to: node.url(through: proxy.port))
            let other = try await AMQPStage.connected(to: node.url)
            let prefix = RabbitMQ.freshPrefix()
            let outcomes = OutcomeRecorder()
            // Several queues, so that connecting takes a while after the first of them is back.
            for number in 0..<20 {
                let queue = QueueName("\(prefix).\(number)")
                try await bus.declare(QueueDeclaration(queue, expires: .seconds(60)))
                _ = try await bus.consume(queue, prefetch: 10, on: AMQPStage.anyEventLoop(), cancelled: {}) {
                    [weak bus] delivery in
                    bus?.publish("answer", "nobody", mandatory: false, then: outcomes.then("\(number)"))
                    delivery.acknowledge()
                }
            }
            try await proxy.cut()
            for number in 0..<20 {
                #expect(await other.publish("question", RoutingKey("\(prefix).\(number)")) == .confirmed)
            }
            try await proxy.reset()
            try await bus.isDisconnected()
            try await proxy.heal()
            try await eventually(within: .seconds(30), read: { outcomes.outcomes.count }, until: { $0 >= 20 })
            #expect(outcomes.outcomes.allSatisfy { $0 == .confirmed })
            await bus.close()
            await other.close()
        }
    }

    @Test("the first address is dead, the second is taken")
    func addresses() async throws {
        let node = try RabbitMQ.ofTheRun()
        let dead = try ReservedPort()
        defer { withExtendedLifetime(dead) {} }
        let bus = try AMQPStage.bus(at: node.url(through: dead.number), node.url)
        try await bus.isConnected()
        await bus.close()
    }

    @Test("a name with several addresses is connected to by the one that answers")
    func severalAddressesOfAName() async throws {
        let node = try RabbitMQ.ofTheRun()
        let url = node.url.replacing("127.0.0.1", with: "localhost")
        let bus = try await AMQPStage.connected(to: url)
        await bus.close()
    }

    @Test("nothing of a lost connection stays, and nothing of a closed bus")
    func leaks() async throws {
        let node = try RabbitMQ.ofTheRun()
        try await withTCPProxy(to: node.port) { proxy in
            weak var gone: AMQPBus?
            do {
                let bus = try await AMQPStage.connected(to: node.url(through: proxy.port))
                gone = bus
                let recorder = DeliveryRecorder()
                let queue = QueueName(RabbitMQ.freshPrefix())
                try await bus.declare(QueueDeclaration(queue, expires: .seconds(60)))
                try await recorder.consume(queue, from: bus, on: AMQPStage.anyEventLoop())
                #expect(await bus.publish("x", RoutingKey(queue.text)) == .confirmed)
                let before = try await bus.remains()
                try await proxy.reset()
                try await bus.isDisconnected()
                try await bus.isConnected()
                try await eventually("the lost session is freed") { before.isGone }
                let after = try await bus.remains()
                await bus.close()
                try await eventually("the closed session is freed") { after.isGone }
            }
            try await eventually("the closed bus is freed") { gone == nil }
        }
    }

    @Test("queues that come and go leave no channel behind")
    func channels() async throws {
        let bus = try await AMQPStage.connected(to: try RabbitMQ.ofTheRun().url)
        for round in 0..<30 {
            let queue = QueueName(RabbitMQ.freshPrefix())
            try await bus.declare(QueueDeclaration(queue, isExclusive: true))
            let recorder = DeliveryRecorder()
            try await recorder.consume(queue, from: bus, on: AMQPStage.anyEventLoop())
            if round.isMultiple(of: 2) {
                try await bus.delete(queue)
                try await eventually(read: { recorder.cancellations }, until: { $0 == 1 })
            } else {
                await recorder.cancel()
            }
        }
        try await eventually(
            "only the control channel is left",
            read: {
                try await bus.eventLoop.submit {
                    if case .open(let session) = bus.phase { session.consuming.channelCount } else { 0 }
                }.get()
            }, until: { $0 == 1 })
        await bus.close()
    }

    @Test("a consumer that is cancelled while it comes back stays cancelled")
    func cancelledMeanwhile() async throws {
        let node = try RabbitMQ.ofTheRun()
        try await withTCPProxy(to: node.port) { proxy in
            let queue = QueueName(RabbitMQ.freshPrefix())
            let bus = try await AMQPStage.connected(to: node.url(through: proxy.port))
            try await bus.declare(QueueDeclaration(queue, hasSingleActiveConsumer: true, expires: .seconds(60)))
            for _ in 0..<20 {
                let recorder = DeliveryRecorder()
                try await recorder.consume(queue, from: bus, on: AMQPStage.anyEventLoop())
                // In the same turn in which the consumer asks for its channel.
                let ended: EventLoopFuture<Void> = bus.eventLoop.flatSubmit {
                    guard case .open(let session) = bus.phase, let consumer = bus.consumers.values.first else {
                        Issue.record("it does not consume")
                        return bus.eventLoop.makeSucceededVoidFuture()
                    }
                    let first = consumer.unsubscribe()
                    let again = consumer.subscribe(on: session.consuming)
                    consumer.stop()
                    bus.forget(consumer)
                    return first.and(again).and(consumer.unsubscribe()).map { _ in }
                }
                try await ended.get()
                #expect(await bus.publish("x", RoutingKey(queue.text)) == .confirmed)
                let next = DeliveryRecorder()
                try await next.consume(queue, from: bus, on: AMQPStage.anyEventLoop())
                try await next.texts(atLeast: 1)
                await next.cancel()
            }
            await bus.close()
        }
    }

    @Test("closing returns while it connects, and who waits for the connection hears so")
    func closedWhileConnecting() async throws {
        let node = try RabbitMQ.ofTheRun()
        try await withTCPProxy(to: node.port) { proxy in
            try await proxy.cut()
            let bus = try AMQPStage.bus(at: node.url(through: proxy.port))
            let declared = Task { try await bus.declare(QueueDeclaration("q")) }
            try await eventually("connecting has begun") { try await proxy.connectionCount > 0 }
            await bus.close()
            await #expect(throws: MessageBusError.closed) { try await declared.value }
            #expect(await bus.publish("x", "q") == .unknown)
        }
    }
}

/// Weak references to what a session is made of.
private struct Remains: @unchecked Sendable {  // only looked at, never used
    weak var session: AMQPSession?
    weak var publishing: AMQPConnection?
    weak var consuming: AMQPConnection?
    weak var publisher: AMQPChannel?

    var isGone: Bool { session == nil && publishing == nil && consuming == nil && publisher == nil }
}

extension AMQPBus {
    fileprivate func remains() async throws -> Remains {
        try await eventLoop.submit {
            guard case .open(let session) = self.phase else { return Remains() }
            return Remains(
                session: session, publishing: session.publishing, consuming: session.consuming,
                publisher: session.publisher)
        }.get()
    }
}
