import Bus
import Contracts
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import Claims

@Suite("Claim: work that must never be done twice at once", .timeLimit(.minutes(1)))
struct ClaimPatienceTests {
    @Test("it stops in time, also while the broker does not answer")
    func patience() async throws {
        let bus = TroubledBus(InMemoryBroker().connect())
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

    @Test("it goes on where the claim is ours again in time")
    func regained() async throws {
        let bus = TroubledBus(InMemoryBroker().connect())
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

    private func claim(on bus: TroubledBus, patience: Duration) -> Claim {
        Claim(
            Self.queue, .entry(EdgeAddress(edgeID: "a", instance: "1"), ClaimTiming(), patience: patience), bus: bus,
            requester: Requester(bus: bus, inbox: "inbox", idPrefix: "r"),
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), told: { _ in })
    }

    /// Works until cancelled.
    private func work(_ isWorking: Flag) async {
        isWorking.value = true
        // `try?`: it ends by cancellation.
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
}
