public import Bus
public import Contracts
public import NIOCore
import Synchronization

/// Holds an exclusive queue: a lock, so that only one process does the work it is for, and also the address where its
/// holder is asked (docs/decisions/0007). This type only carries out: ``ClaimState`` decides what is done when,
/// ``ClaimPolicy`` says how the kinds differ, ``ClaimMessages`` has the messages.
///
/// The queue goes with our connection to the broker. Then it is claimed again, if the policy says so, and the work goes
/// on meanwhile.
public final class Claim: Sendable {
    /// What the holder is told, on its event loop.
    public struct Handlers: Sendable {
        /// The queue is ours, and the bus takes messages. Called for each time the claim is wanted, and each time it is
        /// regained.
        public var granted: @Sendable () -> Void = {}
        /// The queue was lost.
        public var lost: @Sendable () -> Void = {}
        /// Another process has it and keeps it, for this reason (a sentence).
        public var refused: @Sendable (_ reason: String) -> Void = { _ in }
        /// Whether another edge's link may have it. If so, the claim must not be wanted any more.
        public var released: @Sendable (BotRelease) -> Bool = { _ in false }
        /// Gets what came to the queue, except what claims say to each other.
        public var deliver: @Sendable (Delivery) -> Void = { $0.acknowledge() }

        public init() {}
    }

    /// The `type` of a message that only finds out whether there is a queue: it is enough that it arrives.
    public static let probe = "probe"

    private let queue: QueueName
    private let policy: ClaimPolicy
    private let binding: (exchange: Exchange, pattern: BindingPattern)?
    private let bus: any MessageBus
    private let requester: Requester?
    private let eventLoop: any EventLoop
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Duration
    private let told: @Sendable (ClaimNews) -> Void
    private let state: Mutex<ClaimState>
    private let consumer = Mutex<(any BusConsumer)?>(nil)
    private let delivered = Atomic<UInt64>(0)
    /// Rung when the claim is wanted or no longer wanted, and when the queue is lost: wakes ``drive(_:isAtWork:)``.
    private let bell = Mutex<AsyncStream<Void>.Continuation?>(nil)

    /// - Parameters:
    ///   - binding: what else comes to the queue while it is ours.
    ///   - requester: asks holders; `nil` where the policy asks nobody.
    ///   - told: for the log; on any thread.
    ///   - clock: tests give their own.
    public init(
        _ queue: QueueName, _ policy: ClaimPolicy, binding: (exchange: Exchange, pattern: BindingPattern)? = nil,
        bus: any MessageBus, requester: Requester?, eventLoop: any EventLoop,
        clock: any Clock<Duration> = ContinuousClock(), told: @escaping @Sendable (ClaimNews) -> Void
    ) {
        self.queue = queue
        self.policy = policy
        self.binding = binding
        self.bus = bus
        self.requester = requester
        self.eventLoop = eventLoop
        self.clock = clock
        self.now = Self.time(of: clock)
        self.told = told
        state = Mutex(ClaimState(policy))
    }

    // MARK: Wanting it

    /// - Parameter epoch: that of the link that wants it; `nil`: it is not wanted any more.
    public func want(_ epoch: UInt64?) {
        if state.withLock({ $0.want(epoch) }) { ring() }
    }

    /// A publish failed: ``Handlers/granted`` is called again once the bus works and the queue is ours.
    public func sayAgain() {
        state.withLock { $0.sayAgain() }
        ring()
    }

    // MARK: Having it

    /// Claims while it is wanted, until cancelled. Runs `work` while it is ours, and cancels the work once the claim is
    /// lost for good; gives the claim up only when the work has ended.
    public func run(_ handlers: Handlers = Handlers(), work: (@Sendable () async -> Void)? = nil) async {
        repeat {
            if await drive(handlers, isAtWork: false) {
                await withTaskGroup(of: Void.self) { group in
                    if let work { group.addTask { await work() } }
                    group.addTask { _ = await self.drive(handlers, isAtWork: true) }
                    if let patience = policy.patience { group.addTask { await self.endure(patience) } }
                    await group.next()
                    group.cancelAll()
                }
            }
            await giveUp()
        } while !Task.isCancelled
    }

    /// Waits until it is ours; false where cancelled before. The caller has to give it up (``giveUp()``).
    /// - Throws: an error of the broker, where the policy does not try again.
    public func take() async throws(MessageBusError) -> Bool {
        let isOurs = await drive(Handlers(), isAtWork: false)
        if let failure = state.withLock({ $0.failure }) { throw failure }
        return isOurs
    }

    /// Whether another process had it while we waited for it.
    public var followsAnother: Bool { state.withLock { $0.followsAnother } }

    /// Gives it up, if it is ours: first the binding, so that later messages are unroutable; what is in the queue
    /// already is delivered; then the queue itself, which may be gone with the connection already.
    public func giveUp() async {
        let isOurs = state.withLock { $0.leave() }
        let held = consumer.withLock { $0.take() }
        do {
            if isOurs, let binding { try await bus.unbind(queue, from: binding.exchange, binding.pattern) }
            if isOurs, held != nil { try await untilDrained() }
            await held?.cancel()
            if isOurs { try await bus.delete(queue) }
        } catch {
            await held?.cancel()
            told(.cannotGiveUp(error))
        }
    }

    /// Carries out the steps of the state, until the work is to begin or to end, or cancelled. True where the claim is
    /// ours then.
    private func drive(_ handlers: Handlers, isAtWork: Bool) async -> Bool {
        let (rings, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.bell.withLock { $0 = bell }
        var ringing = rings.makeAsyncIterator()
        while !Task.isCancelled {
            let isBusAway = bus.status.obstacle != nil
            switch state.withLock({ $0.next(isAtWork: isAtWork, isBusAway: isBusAway) }) {
            case .rest: _ = await ringing.next()
            // `try?`, here and below: cancellation ends the loop.
            case .pause(let duration): try? await clock.sleep(for: duration)
            case .look(let duration): await look(for: duration, handlers)
            case .ask(let duration): await ask(for: duration, handlers)
            case .declare: await declare(handlers)
            case .grant: eventLoop.execute { if self.isOurs { handlers.granted() } }
            case nil: return isOurs
            }
        }
        return false
    }

    private func ring() { bell.withLock { $0 }?.yield() }

    private var isOurs: Bool { state.withLock { $0.phase == .ours } }

    /// Returns when it has been lost for longer than the work may go on. It is a task of its own, since the one that
    /// claims again may be waiting for the broker.
    private func endure(_ patience: Duration) async {
        while !Task.isCancelled {
            let now = now()
            let rest = state.withLock { $0.timeLeft(of: patience, at: now) }
            if rest == .zero { return told(.late) }
            try? await clock.sleep(for: rest)
        }
    }

    // MARK: Finding out

    private func look(for duration: Duration, _ handlers: Handlers) async {
        let outcome = await bus.publish(
            policy.messages.probe(lasting: duration), to: .toQueue, key: RoutingKey(queue.text), mandatory: true)
        found(policy.messages.finding(of: outcome), handlers)
    }

    /// The holder is asked: declaring the queue blindly would say less, and a refusal costs a channel on a broker.
    private func ask(for duration: Duration, _ handlers: Handlers) async {
        guard let epoch = state.withLock({ $0.epoch }) else { return }
        guard let requester else { preconditionFailure("A claim whose holder is asked needs a requester.") }
        do {
            let answer = try await requester.request(
                policy.messages.question(epoch: epoch), to: .toQueue, key: RoutingKey(queue.text), timeout: duration)
            found(try policy.messages.finding(in: answer), handlers)
        } catch MessageBusError.unroutable {
            found(.free, handlers)
        } catch MessageBusError.timedOut {
            found(.silent, handlers)
        } catch {
            found(.unknown("\(error)"), handlers)
        }
    }

    private func declare(_ handlers: Handlers) async {
        await consumer.withLock { $0.take() }?.cancel()
        var isDeclared = false
        do throws(MessageBusError) {
            try await bus.declare(QueueDeclaration(queue, isExclusive: true))
            isDeclared = true
            if let prefetch = policy.prefetch {
                if let binding { try await bus.bind(queue, to: binding.exchange, binding.pattern) }
                let taken = try await consume(prefetch, handlers)
                consumer.withLock { $0 = taken }
            }
            found(.declared, handlers)
        } catch {
            // Without a consumer, our own queue would look as if another had it. `try?`: the queue may be gone already.
            if isDeclared { try? await bus.delete(queue) }
            found(.failed(error), handlers)
        }
    }

    private func found(_ finding: ClaimState.Finding, _ handlers: Handlers) {
        let now = now()
        guard let news = state.withLock({ $0.found(finding, at: now) }) else { return }
        told(news)
        if case .refused(let reason) = news { eventLoop.execute { handlers.refused(reason) } }
    }

    // MARK: The queue

    private func consume(_ prefetch: Int, _ handlers: Handlers) async throws(MessageBusError) -> any BusConsumer {
        try await bus.consume(
            queue, prefetch: prefetch, on: eventLoop, cancelled: { self.lost(handlers) },
            handler: { delivery in
                self.delivered.add(1, ordering: .relaxed)
                if self.policy.messages.concerns(delivery) {
                    self.answer(delivery, handlers)
                } else {
                    handlers.deliver(delivery)
                }
            })
    }

    private func lost(_ handlers: Handlers) {
        let now = now()
        if state.withLock({ $0.lost(at: now) }) { told(.lost) }
        handlers.lost()
        ring()
    }

    private func answer(_ delivery: Delivery, _ handlers: Handlers) {
        defer { delivery.acknowledge() }
        // `try?`: nonsense gets no answer.
        guard let replyTo = delivery.properties.replyTo,
            let answer = try? policy.messages.answer(
                to: delivery, lasting: policy.timing.askHolderFor, released: handlers.released)
        else { return }
        bus.publish(answer, to: .toQueue, key: RoutingKey(replyTo.text), mandatory: false, then: nil)
    }

    /// Waits for a turn of the event loop that brings no delivery.
    private func untilDrained() async throws {
        var before: UInt64
        repeat {
            before = delivered.load(ordering: .relaxed)
            try await eventLoop.submit {}.get()
        } while delivered.load(ordering: .relaxed) != before
    }

    private static func time(of clock: some Clock<Duration>) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}

/// What happens to a claim, for the log.
public enum ClaimNews: Sendable {
    /// Another process has it; `isFirst`: that is new.
    case held(isFirst: Bool)
    /// It could not be found out who has it, for this reason.
    case cannotTell(String)
    case cannotTake(MessageBusError, isFirst: Bool)
    /// The queue was lost.
    case lost
    /// Another process has it, and keeps it, for this reason.
    case refused(String)
    /// It has been lost for longer than the work may go on.
    case late
    case cannotGiveUp(any Error)
}
