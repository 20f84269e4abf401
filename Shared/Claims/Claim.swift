public import Bus
public import Contracts
public import NIOCore
import Synchronization

/// Holds an exclusive queue, the lock that makes us the only one who does a thing, and also the address where whoever
/// does it is asked (docs/decisions/0007). Here is nothing but the carrying out: ``ClaimState`` says what is done when,
/// ``ClaimPolicy`` how the kinds differ, ``ClaimMessages`` what is said.
///
/// The queue goes with our connection to the broker; then it is claimed again, if the policy says so, and what it is
/// for goes on meanwhile.
public final class Claim: Sendable {
    /// What the holder is told, on its event loop.
    public struct Handlers: Sendable {
        /// The queue is ours, and the bus takes messages. Each time it is wished for, and each time it is regained.
        public var granted: @Sendable () -> Void = {}
        /// The queue went away under us.
        public var lost: @Sendable () -> Void = {}
        /// Another has it and keeps it: why, in a sentence.
        public var refused: @Sendable (_ reason: String) -> Void = { _ in }
        /// Whether another edge's link may have it: then it is to be wished for no more.
        public var released: @Sendable (BotRelease) -> Bool = { _ in false }
        /// What came to the queue, but for what claims say to each other.
        public var deliver: @Sendable (Delivery) -> Void = { $0.acknowledge() }

        public init() {}
    }

    /// The `type` of what only looks whether there is a queue: that it arrives says enough.
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
    /// Rung with every wish, and when the queue went away: wakes whoever drives it.
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

    // MARK: What is wished

    /// - Parameter epoch: of the link it is wished for; `nil`: no more.
    public func want(_ epoch: UInt64?) {
        if state.withLock({ $0.want(epoch) }) { ring() }
    }

    /// A publish failed: ``Handlers/granted`` is called again once the bus works and the queue is ours.
    public func sayAgain() {
        state.withLock { $0.sayAgain() }
        ring()
    }

    // MARK: Having it

    /// Claims while it is wished for, until cancelled. Does `work` while it is ours, and cancels it when it is not to
    /// be had again; gives the claim up only when the work has ended.
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

    /// Waits until it is ours; false where cancelled before. Whoever takes it so gives it up.
    /// - Throws: where the broker does not let us have it, and the policy waits no longer.
    public func take() async throws(MessageBusError) -> Bool {
        let isOurs = await drive(Handlers(), isAtWork: false)
        if let failure = state.withLock({ $0.failure }) { throw failure }
        return isOurs
    }

    /// It was in another's hands while we waited for it.
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

    /// Carries out what the state says, until what it is for is to begin (true) or to end, or cancelled.
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

    /// Until it was lost for longer than the work may go on. It has a clock of its own, since whoever claims again may
    /// be waiting for the broker.
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

    /// Declaring it blindly would tell less, and cost a channel on a broker.
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
            // Ours without a consumer it would look like another's. It may not be there.
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

/// What becomes of a claim, for whoever writes it down.
public enum ClaimNews: Sendable {
    /// Another has it; `isFirst`: which was not known.
    case held(isFirst: Bool)
    /// It could not be found out whose it is: why.
    case cannotTell(String)
    case cannotTake(MessageBusError, isFirst: Bool)
    /// The queue went away under us.
    case lost
    /// Another has it, and keeps it: why.
    case refused(String)
    /// It was lost for longer than what it is for may go on.
    case late
    case cannotGiveUp(any Error)
}
