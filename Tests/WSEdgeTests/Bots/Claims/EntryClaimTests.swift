import Bus
import Contracts
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import WSEdge

@Suite("EntryClaim: one edge at a time is at work", .timeLimit(.minutes(1)))
struct EntryClaimTests {
    @Test("work that must never be done twice at once stops in time, also while the broker does not answer")
    func patience() async throws {
        let bus = HangingBus(InMemoryBroker().connect())
        let claim = claim(on: bus, patience: .milliseconds(50))
        let isWorking = Flag()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await claim.run { await self.work(isWorking) } }
            try await eventually("it works") { isWorking.value }
            bus.hang()
            try await bus.delete(Self.queue)
            try await eventually("it claims again") { bus.isAsked }
            try await eventually("it stops") { !isWorking.value }
            bus.goOn()
            try await eventually("it works again") { isWorking.value }
            tasks.cancelAll()
        }
    }

    @Test("work goes on where the claim is ours again in time")
    func regained() async throws {
        let bus = HangingBus(InMemoryBroker().connect())
        let claim = claim(on: bus, patience: .seconds(30))
        let isWorking = Flag()
        let beginnings = Tally()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                await claim.run {
                    beginnings.add()
                    await self.work(isWorking)
                }
            }
            try await eventually("it works") { isWorking.value }
            for _ in 1...2 {
                bus.hang()
                try await bus.delete(Self.queue)
                try await eventually("it claims again") { bus.isAsked }
                bus.goOn()
                try await eventually("it is ours") {
                    await bus.publish(
                        Message(ByteBuffer()), to: .toQueue, key: RoutingKey(Self.queue.text), mandatory: true)
                        == .confirmed
                }
            }
            #expect(isWorking.value)
            #expect(beginnings.count == 1)
            tasks.cancelAll()
        }
    }

    private static let queue = QueueName("perpetua.claim.test")

    private func claim(on bus: HangingBus, patience: Duration) -> EntryClaim {
        EntryClaim(
            queue: Self.queue, address: EdgeAddress(edgeID: "a", instance: "1"), bus: bus,
            requester: Requester(bus: bus, inbox: "inbox", idPrefix: "r"),
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), timing: BotTiming(), patience: patience,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    /// Until cancelled.
    private func work(_ isWorking: Flag) async {
        isWorking.value = true
        // `try?`: cancellation is how it ends.
        try? await Task.sleep(for: .seconds(3600))
        isWorking.value = false
    }

    private final class Flag: Sendable {
        private let state = Mutex(false)

        var value: Bool {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }

    private final class Tally: Sendable {
        private let number = Mutex(0)
        var count: Int { number.withLock { $0 } }
        func add() { number.withLock { $0 += 1 } }
    }

    /// A bus that takes its time to declare queues, as one that waits for its broker.
    private final class HangingBus: MessageBus {
        private let bus: InMemoryBus
        private let state = Mutex(State())

        private struct State {
            var hangs = false
            var waiters: [CheckedContinuation<Void, Never>] = []
        }

        init(_ bus: InMemoryBus) { self.bus = bus }

        func hang() { state.withLock { $0.hangs = true } }

        /// Whether somebody waits.
        var isAsked: Bool { state.withLock { !$0.waiters.isEmpty } }

        func goOn() {
            let waiters = state.withLock { state in
                state.hangs = false
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.resume() }
        }

        func declare(_ queue: QueueDeclaration) async throws(MessageBusError) {
            await withCheckedContinuation { waiter in
                let isToWait = state.withLock { state in
                    if state.hangs { state.waiters.append(waiter) }
                    return state.hangs
                }
                if !isToWait { waiter.resume() }
            }
            try await bus.declare(queue)
        }

        func declare(_ exchange: Exchange) async throws(MessageBusError) { try await bus.declare(exchange) }
        func delete(_ queue: QueueName) async throws(MessageBusError) { try await bus.delete(queue) }

        func bind(
            _ queue: QueueName, to exchange: Exchange, _ pattern: BindingPattern
        ) async throws(MessageBusError) { try await bus.bind(queue, to: exchange, pattern) }

        func unbind(
            _ queue: QueueName, from exchange: Exchange, _ pattern: BindingPattern
        ) async throws(MessageBusError) { try await bus.unbind(queue, from: exchange, pattern) }

        func consume(
            _ queue: QueueName, prefetch: Int, on eventLoop: any EventLoop,
            cancelled: @escaping @Sendable () -> Void, handler: @escaping @Sendable (Delivery) -> Void
        ) async throws(MessageBusError) -> any BusConsumer {
            try await bus.consume(queue, prefetch: prefetch, on: eventLoop, cancelled: cancelled, handler: handler)
        }

        func publish(
            _ message: Message, to exchange: Exchange, key: RoutingKey, mandatory: Bool,
            then: (@Sendable (PublishOutcome) -> Void)?
        ) { bus.publish(message, to: exchange, key: key, mandatory: mandatory, then: then) }

        var status: BusStatus { bus.status }
        func watch(_ body: @escaping @Sendable (BusStatus) -> Void) { bus.watch(body) }
        func close() async { await bus.close() }
    }
}
