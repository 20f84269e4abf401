import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import Bus

@Suite("Requester", .timeLimit(.minutes(1)))
struct RequesterTests {
    private let clock = ManualClock()
    private let broker = InMemoryBroker(maxMessageBytes: 100)
    private let loop = MultiThreadedEventLoopGroup.singleton.any()

    @Test("each request gets its own answer, whatever order the answers come in")
    func answers() async throws {
        let (requester, bus) = try await asker()
        let waiting = Mutex<[Delivery]>([])
        try await answerer { delivery, _ in waiting.withLock { $0.append(delivery) } }
        try await withThrowingTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    let answer = try await requester.request(
                        .text("\(number)"), to: .toQueue, key: "service", timeout: .seconds(60))
                    #expect(String(buffer: answer.body) == "\(number)")
                }
            }
            let requests = try await eventually(read: { waiting.withLock { $0 } }, until: { $0.count == 20 })
            #expect(Set(requests.map(\.properties.correlationID)).count == 20)
            #expect(requests.allSatisfy { $0.properties.correlationID?.hasPrefix("http-") == true })
            #expect(requests.allSatisfy { $0.properties.replyTo == "inbox" })
            #expect(requests.allSatisfy { $0.properties.expiration == .seconds(60) })
            for request in requests.reversed() { Self.answer(request, on: bus) }
            try await group.waitForAll()
        }
        await bus.close()
    }

    @Test("a request that nobody can get fails at once")
    func unroutable() async throws {
        let (requester, _) = try await asker()
        await #expect(throws: MessageBusError.unroutable("nobody")) {
            try await requester.request(.text("x"), to: .toQueue, key: "nobody", timeout: .seconds(60))
        }
    }

    @Test("a request the bus refuses fails with the reason")
    func rejected() async throws {
        let (requester, _) = try await asker()
        let large = Message(ByteBuffer(repeating: 0, count: 101))
        await #expect(throws: MessageBusError.rejected("the body has 101 bytes, at most 100 are allowed")) {
            try await requester.request(large, to: .toQueue, key: "service", timeout: .seconds(60))
        }
    }

    @Test("a request on a lost connection fails at once")
    func disconnected() async throws {
        let (requester, bus) = try await asker()
        await bus.close()
        await #expect(throws: MessageBusError.disconnected) {
            try await requester.request(.text("x"), to: .toQueue, key: "service", timeout: .seconds(60))
        }
    }

    @Test("a request without an answer times out, and the answer that comes late is not taken")
    func timesOut() async throws {
        let (requester, _) = try await asker()
        let requests = Mutex<[Delivery]>([])
        try await answerer { delivery, _ in requests.withLock { $0.append(delivery) } }
        let asking = Task {
            try await requester.request(.text("x"), to: .toQueue, key: "service", timeout: .seconds(5))
        }
        try await eventually(read: { requests.withLock { $0.count } }, until: { $0 == 1 })
        try await eventually(read: { clock.sleeperCount }, until: { $0 == 1 })
        clock.advance(by: .seconds(4))
        clock.advance(by: .seconds(1))
        await #expect(throws: MessageBusError.timedOut("service")) { try await asking.value }
        let request = try #require(requests.withLock { $0.first })
        #expect(!requester.receive(Self.reply(to: request)))
    }

    @Test("a later request with an earlier deadline is not kept waiting by the first")
    func earlierDeadline() async throws {
        let (requester, _) = try await asker()
        let requests = Mutex<[Delivery]>([])
        try await answerer { delivery, _ in requests.withLock { $0.append(delivery) } }
        let patient = Task {
            try await requester.request(.text("1"), to: .toQueue, key: "service", timeout: .seconds(60))
        }
        try await eventually(read: { requests.withLock { $0.count } }, until: { $0 == 1 })
        let hasty = Task {
            try await requester.request(.text("2"), to: .toQueue, key: "service", timeout: .seconds(1))
        }
        try await eventually(read: { requests.withLock { $0.count } }, until: { $0 == 2 })
        try await eventually(read: { clock.earliestDeadline }, until: { $0?.offset == .seconds(1) })
        clock.advance(by: .seconds(1))
        await #expect(throws: MessageBusError.timedOut("service")) { try await hasty.value }
        try await eventually(read: { clock.earliestDeadline }, until: { $0?.offset == .seconds(60) })
        clock.advance(by: .seconds(59))
        await #expect(throws: MessageBusError.timedOut("service")) { try await patient.value }
    }

    @Test("a request whose answerer may be gone ends within the limit, as one to somebody else does not")
    func doubt() async throws {
        let (requester, _) = try await asker()
        let requests = Mutex<[Delivery]>([])
        try await answerer { delivery, _ in requests.withLock { $0.append(delivery) } }
        let asking = Task {
            try await requester.request(.text("x"), to: .toQueue, key: "service", timeout: .seconds(60))
        }
        try await eventually(read: { requests.withLock { $0.count } }, until: { $0 == 1 })
        requester.doubt("another", limit: .seconds(1))
        try await eventually(read: { clock.earliestDeadline }, until: { $0?.offset == .seconds(60) })
        requester.doubt("service", olderThan: .seconds(1), limit: .seconds(1))
        try await eventually(read: { clock.earliestDeadline }, until: { $0?.offset == .seconds(60) })
        requester.doubt("service", limit: .seconds(2))
        try await eventually(read: { clock.earliestDeadline }, until: { $0?.offset == .seconds(2) })
        clock.advance(by: .seconds(2))
        await #expect(throws: MessageBusError.disconnected) { try await asking.value }
    }

    @Test("an answer that nobody asked for is not taken")
    func stray() async throws {
        let (requester, _) = try await asker()
        var message = Message.text("x")
        #expect(!requester.receive(Self.delivery(of: message)))
        message.properties.correlationID = "http-1"
        #expect(!requester.receive(Self.delivery(of: message)))
    }

    @Test("cancelling the task ends the wait")
    func cancelled() async throws {
        let (requester, _) = try await asker()
        let requests = Mutex<[Delivery]>([])
        try await answerer { delivery, _ in requests.withLock { $0.append(delivery) } }
        let asking = Task {
            try await requester.request(.text("x"), to: .toQueue, key: "service", timeout: .seconds(60))
        }
        try await eventually(read: { requests.withLock { $0.count } }, until: { $0 == 1 })
        asking.cancel()
        await #expect(throws: MessageBusError.timedOut("service")) { try await asking.value }
        let request = try #require(requests.withLock { $0.first })
        #expect(!requester.receive(Self.reply(to: request)))
    }

    @Test("cancelling, answering and timing out together end the wait once", arguments: 0..<50)
    func races(_ round: Int) async throws {
        let (requester, bus) = try await asker()
        try await answerer { delivery, bus in Self.answer(delivery, on: bus) }
        let asking = Task {
            try? await requester.request(.text("x"), to: .toQueue, key: "service", timeout: .seconds(1))
        }
        if round % 2 == 0 { clock.advance(by: .seconds(2)) }
        asking.cancel()
        requester.close()
        _ = await asking.value
        await bus.close()
    }

    @Test("closing ends every wait, and later requests fail")
    func closed() async throws {
        let (requester, _) = try await asker()
        let requests = Mutex<[Delivery]>([])
        try await answerer { delivery, _ in requests.withLock { $0.append(delivery) } }
        let asking = Task {
            try await requester.request(.text("x"), to: .toQueue, key: "service", timeout: .seconds(60))
        }
        try await eventually(read: { requests.withLock { $0.count } }, until: { $0 == 1 })
        requester.close()
        await #expect(throws: MessageBusError.closed) { try await asking.value }
        await #expect(throws: MessageBusError.closed) {
            try await requester.request(.text("x"), to: .toQueue, key: "service", timeout: .seconds(60))
        }
        try await eventually("the timer is gone", read: { clock.sleeperCount }, until: { $0 == 0 })
    }

    @Test("one question, several answers: each puts the deadline off, the last one ends it")
    func parts() async throws {
        let (requester, _) = try await asker()
        let requests = Mutex<[Delivery]>([])
        try await answerer { delivery, _ in requests.withLock { $0.append(delivery) } }
        let parts = AnswerParts(maxBytes: 1000, maxAge: .seconds(30))
        _ = requester.ask(.text("x"), to: .toQueue, key: "service", timeout: .seconds(5), parts: parts)
        let request = try await eventually(read: { requests.withLock { $0.first } }, until: { $0 != nil })
        let reply = Self.reply(to: try #require(request))
        for _ in 1...3 {
            try await eventually(read: { clock.sleeperCount }, until: { $0 == 1 })
            clock.advance(by: .seconds(4))
            requester.receive(part: reply)
            guard case .part = await parts.next() else { throw MessageBusError.closed }
        }
        #expect(requester.receive(reply))
        guard case .last = await parts.next() else { throw MessageBusError.closed }
        #expect(!requester.receive(reply))
    }

    @Test("no further part in time: the question has timed out; one that is ended wants no more")
    func partsEnd() async throws {
        let (requester, _) = try await asker()
        let requests = Mutex<[Delivery]>([])
        try await answerer { delivery, _ in requests.withLock { $0.append(delivery) } }
        let parts = AnswerParts(maxBytes: 1000, maxAge: .seconds(30))
        _ = requester.ask(.text("x"), to: .toQueue, key: "service", timeout: .seconds(5), parts: parts)
        let request = try await eventually(read: { requests.withLock { $0.first } }, until: { $0 != nil })
        requester.receive(part: Self.reply(to: try #require(request)))
        _ = await parts.next()
        try await eventually(read: { clock.sleeperCount }, until: { $0 == 1 })
        clock.advance(by: .seconds(5))
        guard case .failed(.timedOut) = await parts.next() else { throw MessageBusError.closed }

        let others = AnswerParts(maxBytes: 1000, maxAge: .seconds(30))
        let end = requester.ask(.text("y"), to: .toQueue, key: "service", timeout: .seconds(5), parts: others)
        end()
        guard case .failed(.closed) = await others.next() else { throw MessageBusError.disconnected }
    }

    @Test("who waits for one answer waits for the last")
    func lastOfParts() async throws {
        let (requester, _) = try await asker()
        let requests = Mutex<[Delivery]>([])
        try await answerer { delivery, _ in requests.withLock { $0.append(delivery) } }
        let asking = Task {
            try await requester.request(.text("x"), to: .toQueue, key: "service", timeout: .seconds(60))
        }
        let request = try await eventually(read: { requests.withLock { $0.first } }, until: { $0 != nil })
        let reply = Self.reply(to: try #require(request))
        requester.receive(part: reply)
        requester.receive(part: reply)
        #expect(requester.receive(reply))
        #expect(String(buffer: try await asking.value.body) == "x")
    }

    // MARK: What the tests share

    /// A requester on a connection of its own, with its inbox consumed.
    private func asker() async throws -> (Requester, InMemoryBus) {
        let bus = broker.connect()
        let requester = Requester(bus: bus, inbox: "inbox", idPrefix: "http-", clock: clock)
        try await bus.declare(QueueDeclaration("inbox", isExclusive: true))
        let receive: @Sendable (Delivery) -> Void = { delivery in
            _ = requester.receive(delivery)
            delivery.acknowledge()
        }
        _ = try await bus.consume("inbox", prefetch: 0, on: loop, cancelled: {}, handler: receive)
        return (requester, bus)
    }

    /// Something that consumes the queue `service`.
    private func answerer(_ handler: @escaping @Sendable (Delivery, InMemoryBus) -> Void) async throws {
        let bus = broker.connect()
        try await bus.declare(QueueDeclaration("service"))
        let handle: @Sendable (Delivery) -> Void = { delivery in
            handler(delivery, bus)
            delivery.acknowledge()
        }
        _ = try await bus.consume("service", prefetch: 0, on: loop, cancelled: {}, handler: handle)
    }

    private static func answer(_ request: Delivery, on bus: InMemoryBus) {
        guard let inbox = request.properties.replyTo else { return }
        let message = reply(to: request).message
        bus.publish(message, to: .toQueue, key: RoutingKey(inbox.text), mandatory: false, then: nil)
    }

    private static func reply(to request: Delivery) -> Delivery {
        var message = Message(request.body)
        message.properties.correlationID = request.properties.correlationID
        return delivery(of: message)
    }

    private static func delivery(of message: Message) -> Delivery {
        Delivery(message, exchange: "", routingKey: "inbox", redelivered: false, onAcknowledge: {})
    }
}
