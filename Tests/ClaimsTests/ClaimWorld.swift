import Bus
import Contracts
import NIOCore
import NIOEmbedded
import OneBot
import Synchronization
import TestSupport
import Testing

@testable import Claims

/// Two edges, a broker and a clock in one thread: every step of a task, every turn of the event loop and every passing
/// of time happens here, in an order that the seed chooses. The seed also chooses what goes wrong between any two of
/// them.
final class ClaimWorld {
    let clock = ManualClock()
    let first: Edge
    let second: Edge
    private let seed: UInt64
    private let executor = SteppedExecutor()
    private let eventLoop = EmbeddedEventLoop()
    private let broker: InMemoryBroker
    private var generator: SeededGenerator
    /// Troubles that end later: an outage, a declaration that hangs.
    private var agenda: [(time: ManualClock.Instant, body: () -> Void)] = []
    private var isTroubled = false
    private var lastEpoch: UInt64 = 0

    static let queue = QueueName("perpetua.claim.test")
    static let patience = Duration.seconds(2)

    /// One of the two edges: its connection, its claim, and what it believes.
    final class Edge: Sendable {
        let address: EdgeAddress
        let bus: TroubledBus
        let requester: Requester
        let claim: Claim
        let isOfBot: Bool
        private let state = Mutex(Beliefs())

        struct Beliefs: Sendable {
            var hasClaim = false
            var lostAt: ManualClock.Instant?
            /// Whether its work runs; for an entry.
            var isWorking = false
            /// The epoch of the bot's link, while there is one.
            var epoch: UInt64?
            var refusals: [String] = []
            var running: Task<Void, Never>?
            var isStopped = true
        }

        fileprivate init(
            _ name: String, isOfBot: Bool, _ broker: InMemoryBroker, _ clock: ManualClock, _ executor: SteppedExecutor,
            _ eventLoop: EmbeddedEventLoop
        ) {
            self.isOfBot = isOfBot
            address = EdgeAddress(edgeID: name, instance: "1")
            bus = TroubledBus(broker.connect())
            requester = Requester(
                bus: bus, inbox: QueueName("inbox.\(name)"), idPrefix: name, clock: clock, executor: executor)
            let timing = ClaimTiming()
            claim = Claim(
                ClaimWorld.queue,
                isOfBot
                    ? .bot(SelfID(1), address, timing) : .entry(address, timing, patience: ClaimWorld.patience),
                bus: bus, requester: requester, eventLoop: eventLoop, clock: clock, told: { _ in })
        }

        var believes: Beliefs { state.withLock { $0 } }
        fileprivate func change(_ body: (inout Beliefs) -> Void) { state.withLock { body(&$0) } }

        /// A link comes up, or (`nil`) goes.
        func want(_ epoch: UInt64?) {
            change {
                if ($0.epoch == nil) != (epoch == nil) { $0.hasClaim = false }
                $0.epoch = epoch
            }
            claim.want(epoch)
        }

        func publishFailed() {
            change { $0.hasClaim = false }
            claim.sayAgain()
        }

        fileprivate func handlers(_ clock: ManualClock) -> Claim.Handlers {
            var handlers = Claim.Handlers()
            handlers.granted = {
                self.change { if !$0.isStopped, !self.isOfBot || $0.epoch != nil { $0.hasClaim = true } }
            }
            handlers.lost = {
                self.change {
                    $0.hasClaim = false
                    $0.lostAt = clock.now
                }
            }
            handlers.refused = { reason in
                self.change { $0.refusals.append(reason) }
                if self.isOfBot { self.want(nil) }
            }
            handlers.released = { wish in
                if let epoch = self.believes.epoch, epoch >= wish.epoch { return false }
                self.want(nil)
                return true
            }
            return handlers
        }
    }

    init(seed: UInt64, isOfBot: Bool) {
        self.seed = seed
        generator = SeededGenerator(seed: seed)
        broker = InMemoryBroker(now: { [clock] in clock.deadline })
        first = Edge("a", isOfBot: isOfBot, broker, clock, executor, eventLoop)
        second = Edge("b", isOfBot: isOfBot, broker, clock, executor, eventLoop)
        for edge in edges { listen(edge) }
    }

    var edges: [Edge] { [first, second] }
    /// The edges that believe they have the claim.
    var holders: [String] { edges.filter { $0.believes.hasClaim }.map(\.address.edgeID) }
    var workers: [String] { edges.filter { $0.believes.isWorking }.map(\.address.edgeID) }

    // MARK: Edges come and go

    private func run(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: executor) { await body() }
    }

    func begin(_ edge: Edge) {
        guard edge.believes.isStopped else { return }
        let before = edge.believes.running
        let (handlers, clock) = (edge.handlers(self.clock), self.clock)
        let work: (@Sendable () async -> Void)? =
            edge.isOfBot ? nil : { @Sendable in await ClaimWorld.work(edge, clock) }
        let running = run {
            await before?.value
            await edge.claim.run(handlers, work: work)
        }
        edge.change {
            $0.running = running
            $0.isStopped = false
        }
    }

    /// Works until cancelled.
    private static func work(_ edge: Edge, _ clock: ManualClock) async {
        edge.change { $0.isWorking = true }
        // `try?`: it ends by cancellation.
        try? await clock.sleep(for: .seconds(1_000_000))
        edge.change {
            $0.isWorking = false
            $0.hasClaim = false
        }
    }

    func stop(_ edge: Edge) {
        edge.change {
            $0.isStopped = true
            $0.hasClaim = false
        }
        edge.believes.running?.cancel()
    }

    /// Consumes the edge's answers: their queue goes with the connection.
    private func listen(_ edge: Edge) {
        let (bus, requester, eventLoop) = (edge.bus.inner, edge.requester, self.eventLoop)
        _ = run {
            // `try?`: if it is cut off again, the queue is made when the connection is back.
            try? await bus.declare(QueueDeclaration(requester.inbox, isExclusive: true))
            _ = try? await bus.consume(
                requester.inbox, prefetch: 10, on: eventLoop, cancelled: {},
                handler: { delivery in
                    _ = requester.receive(delivery)
                    delivery.acknowledge()
                })
        }
    }

    func restore(_ edge: Edge) {
        if case .disconnected = edge.bus.status {
            edge.bus.inner.restore()
            listen(edge)
        } else {
            edge.bus.inner.restore()
        }
    }

    /// Deletes the queue while an edge holds it.
    func deleteQueue(of edge: Edge) {
        _ = run { try? await edge.bus.inner.delete(Self.queue) }  // `try?`: another's queue stays
    }

    // MARK: What goes wrong

    private func goWrong() {
        guard let edge = edges.randomElement(using: &generator) else { return }
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: deleteQueue(of: edge)
        case 1:
            edge.bus.inner.lose()
            later(8) { self.restore(edge) }
        case 2:
            edge.bus.inner.block()
            later(4) { self.restore(edge) }
        case 3:
            edge.bus.hang()
            later(5) { edge.bus.goOn() }
        case 4:
            stop(edge)
            later(6) { self.begin(edge) }
        case 5 where edge.isOfBot:
            lastEpoch += 1
            edge.want(Bool.random(using: &generator) ? lastEpoch : nil)
        case 6 where edge.isOfBot: edge.publishFailed()
        default:
            if let trouble = TroubledBus.Trouble.allCases.randomElement(using: &generator) { edge.bus.expect(trouble) }
        }
    }

    private func later(_ seconds: Int, _ body: @escaping () -> Void) {
        agenda.append(
            (clock.now.advanced(by: .milliseconds(Int.random(in: 0...seconds * 1000, using: &generator))), body))
    }

    func trouble(for duration: Duration) {
        isTroubled = true
        pass(duration)
        isTroubled = false
        for edge in edges { edge.bus.forget() }
        for (_, body) in agenda { body() }
        agenda = []
    }

    // MARK: Time

    /// Lets time pass, from wake-up to wake-up.
    func pass(_ duration: Duration) {
        let end = clock.now.advanced(by: duration)
        settle()
        while clock.now < end {
            let next = ([end, clock.earliestDeadline].compactMap { $0 } + agenda.map(\.time)).min() ?? end
            clock.advance(by: max(clock.now.duration(to: next), .zero))
            let due = agenda.filter { $0.time <= clock.now }
            agenda.removeAll { $0.time <= clock.now }
            for (_, body) in due { body() }
            settle()
        }
    }

    /// Takes steps until nobody can go on before time passes.
    private func settle() {
        var steps = 0
        repeat {
            repeat {
                steps += 1
                if isTroubled, generator.once(in: 80) { goWrong() }
                if generator.once(in: 3) { eventLoop.run() }
            } while executor.step(choosing: &generator) && steps < 10_000
            eventLoop.run()
        } while executor.isBusy && steps < 10_000
        #expect(steps < 10_000, "Somebody goes in a circle: seed \(seed), \(clock.now.offset)")
        #expect(holders.count <= 1, "seed \(seed), \(clock.now.offset)")
        for edge in edges {
            let believes = edge.believes
            guard believes.isWorking, !believes.hasClaim, !believes.isStopped else { continue }
            let lost = believes.lostAt.map { $0.duration(to: clock.now) }
            #expect(lost ?? .seconds(3600) <= Self.patience, "It works on: seed \(seed), \(clock.now.offset)")
        }
    }

    /// Whether there is no queue.
    var isFree: Bool {
        let free = Mutex(false)
        broker.connect().publish(
            Message(ByteBuffer()), to: .toQueue, key: RoutingKey(Self.queue.text), mandatory: true
        ) { outcome in free.withLock { $0 = outcome == .unroutable } }
        return free.withLock { $0 }
    }
}
