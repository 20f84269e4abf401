public import NIOCore
import Synchronization

/// Asks questions over the bus: publishes with `reply_to` and a correlation id of its own, and waits for the answer
/// with a deadline. The consumer of the queue `inbox` hands every delivery without an exchange name (an answer) to
/// ``receive(_:)``, or to ``receive(part:)`` where further answers to the same question follow.
public final class Requester: Sendable {
    private typealias Answer = Result<Message, MessageBusError>

    private struct Waiter {
        let key: RoutingKey
        let sink: Sink
        let asked: NIODeadline
        /// How long the next part may take.
        let timeout: Duration
        /// Whether the one who was asked may be gone.
        var isInDoubt = false

        func end(_ answer: Answer) {
            switch (sink, answer) {
            case (.once(let continuation), _): continuation.resume(returning: answer)
            case (.parts(let parts), .success(let message)): parts.end(with: .last(message))
            case (.parts(let parts), .failure(let error)): parts.end(with: .failed(error))
            }
        }
    }

    private enum Sink {
        /// For one answer; whatever else comes is dropped.
        case once(CheckedContinuation<Answer, Never>)
        case parts(AnswerParts)
    }

    private struct State {
        var pending = PendingReplies<Waiter>()
        var requests: UInt64 = 0
        var isClosed = false
        /// The one timer, which runs while anything waits. It is cancelled when it is replaced, by ``close()``, and at
        /// the end of self.
        var timer: Task<Void, Never>?
        var timerFires = NIODeadline.distantFuture
        /// Distinguishes the timer from those it replaced.
        var timerNumber = 0
    }

    /// Timeouts that come closer together than this end together: the timer looks at everything that waits.
    private static let timerSpacing = TimeAmount.milliseconds(10)

    /// How long one more part is waited for where the link may be gone.
    private static let doubtful = TimeAmount.seconds(2)

    /// Where answers go: the `reply_to` of every request.
    public let inbox: QueueName
    private let bus: any MessageBus
    private let idPrefix: String
    /// Makes our message ids unique: a question that a broker delivers twice is recognised by its id.
    private let nonce = String(UInt64.random(in: 0 ... .max), radix: 36)
    private let appID: String?
    private let clock: any Clock<Duration>
    private let executor: (any TaskExecutor)?
    private let now: @Sendable () -> NIODeadline
    private let state = Mutex(State())

    /// - Parameters:
    ///   - idPrefix: starts every correlation id, so that one inbox can serve several askers.
    ///   - appID: the service that asks, for messages that do not say.
    ///   - clock: measures timeouts, and `executor` waits for them; tests give their own.
    public init(
        bus: any MessageBus, inbox: QueueName, idPrefix: String, appID: String? = nil,
        clock: any Clock<Duration> = ContinuousClock(), executor: (any TaskExecutor)? = nil
    ) {
        self.appID = appID
        self.bus = bus
        self.inbox = inbox
        self.idPrefix = idPrefix
        self.clock = clock
        self.executor = executor
        self.now = Self.deadlines(of: clock)
    }

    deinit {
        state.withLock { $0.timer }?.cancel()
    }

    /// Publishes mandatory, with `expiration` = `timeout`, and waits for the answer.
    /// - Throws: ``MessageBusError/unroutable(_:)``, ``MessageBusError/timedOut(_:)``,
    ///   ``MessageBusError/rejected(_:)``, ``MessageBusError/disconnected`` or, after ``close()``,
    ///   ``MessageBusError/closed``. Cancelling the task ends the wait (`timedOut`).
    public func request(
        _ message: Message, to exchange: Exchange, key: RoutingKey, timeout: Duration
    ) async throws(MessageBusError) -> Message {
        if Task.isCancelled { throw .timedOut(key) }
        let id = nextID()
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waiter = Waiter(key: key, sink: .once(continuation), asked: now(), timeout: timeout)
                guard add(waiter, id: id, timeout: timeout) else { return }
                // Cancelled before it was added: then the handler below found nothing to end.
                if Task.isCancelled { return end(id, .failure(.timedOut(key))) }
                publish(message, id: id, to: exchange, key: key, timeout: timeout)
            }
        } onCancel: {
            end(id, .failure(.timedOut(key)))
        }
        return try answer.get()
    }

    /// As ``request(_:to:key:timeout:)``, where several answers may come: `parts` gets all of them, and how it ended.
    /// Each may take `timeout`.
    /// - Returns: a function that ends it, for when the rest is not wanted any more.
    public func ask(
        _ message: Message, to exchange: Exchange, key: RoutingKey, timeout: Duration, parts: AnswerParts
    ) -> @Sendable () -> Void {
        let id = nextID()
        let waiter = Waiter(key: key, sink: .parts(parts), asked: now(), timeout: timeout)
        if add(waiter, id: id, timeout: timeout) { publish(message, id: id, to: exchange, key: key, timeout: timeout) }
        return { self.end(id, .failure(.closed)) }
    }

    /// Takes an answer; false where nobody waits for it (it came late, or is not ours).
    public func receive(_ delivery: Delivery) -> Bool {
        guard let id = delivery.properties.correlationID else { return false }
        guard let waiter = state.withLock({ $0.pending.take(id) }) else { return false }
        waiter.end(.success(delivery.message))
        return true
    }

    /// Takes one of several answers, with more to come: the question stays, and its deadline is put off. A caller of
    /// ``request(_:to:key:timeout:)`` gets only the last answer.
    public func receive(part delivery: Delivery) {
        guard let id = delivery.properties.correlationID else { return }
        let now = now()
        let waiter = state.withLock { state in
            state.pending.renew(id) { now + ($0.isInDoubt ? Self.doubtful : TimeAmount($0.timeout)) }
        }
        guard case .parts(let parts) = waiter?.sink, !parts.add(delivery.message, at: now) else { return }
        end(id, .failure(.closed))
    }

    /// The one who answers at that key may be gone, and the questions with it: the waits for its answers end within
    /// `limit`, with ``MessageBusError/disconnected``.
    /// - Parameter age: only questions that were asked that long ago, or earlier.
    public func doubt(_ key: RoutingKey, olderThan age: TimeAmount = .zero, limit: Duration) {
        let now = now()
        state.withLock { state in
            state.pending.shorten(until: now.advanced(by: limit)) { waiter in
                guard waiter.key == key, waiter.asked + age <= now else { return false }
                waiter.isInDoubt = true
                return true
            }
            setTimer(&state, now: now, notBefore: now)
        }
    }

    /// Ends every wait with ``MessageBusError/closed``.
    public func close() {
        let (waiters, timer) = state.withLock { state in
            state.isClosed = true
            defer { state.timer = nil }
            return (state.pending.removeAll(), state.timer)
        }
        timer?.cancel()
        for waiter in waiters { waiter.end(.failure(.closed)) }
    }

    private func nextID() -> String {
        let number = state.withLock { state in
            state.requests += 1
            return state.requests
        }
        return "\(idPrefix)\(number)"
    }

    /// False if we are closed; then the waiter has been told.
    private func add(_ waiter: Waiter, id: String, timeout: Duration) -> Bool {
        let now = now()
        let deadline = now.advanced(by: timeout)
        let isAdded = state.withLock { state in
            if state.isClosed { return false }
            state.pending.add(waiter, id: id, until: deadline)
            setTimer(&state, now: now, notBefore: now)
            return true
        }
        if !isAdded { waiter.end(.failure(.closed)) }
        return isAdded
    }

    private func publish(_ message: Message, id: String, to exchange: Exchange, key: RoutingKey, timeout: Duration) {
        var message = message
        message.properties.replyTo = inbox
        message.properties.appID = message.properties.appID ?? appID
        message.properties.correlationID = id
        message.properties.expiration = timeout
        message.properties.messageID = message.properties.messageID ?? "\(nonce)-\(id)"
        bus.publish(message, to: exchange, key: key, mandatory: true) { [weak self] outcome in
            switch outcome {
            case .confirmed: break
            case .unroutable: self?.end(id, .failure(.unroutable(key)))
            case .rejected(let reason): self?.end(id, .failure(.rejected(reason)))
            case .unreachable(let reason): self?.end(id, .failure(.unreachable(reason)))
            case .unknown, .notStored: self?.end(id, .failure(.disconnected))
            }
        }
    }

    private func end(_ id: String, _ answer: Answer) {
        state.withLock { $0.pending.take(id) }?.end(answer)
    }

    // MARK: The timer

    /// Makes sure that the timer fires when the earliest deadline comes. One that fires too early does no harm, so that
    /// a request that is answered leaves it alone.
    private func setTimer(_ state: inout State, now: NIODeadline, notBefore: NIODeadline) {
        guard let earliest = state.pending.earliestDeadline else { return }
        let fires = max(earliest, notBefore)
        if state.timer != nil, state.timerFires <= fires { return }
        state.timer?.cancel()
        state.timerFires = fires
        state.timerNumber += 1
        let number = state.timerNumber
        let delay = Duration(fires - now)
        state.timer = Task(executorPreference: executor) { [weak self, clock] in
            do {
                try await clock.sleep(for: delay)
                self?.timerFired(number)
            } catch {
                // Cancelled: another timer has taken over, or nothing waits.
            }
        }
    }

    private func timerFired(_ number: Int) {
        let now = now()
        let expired = state.withLock { state in
            guard state.timerNumber == number, !state.isClosed else { return [Waiter]() }
            state.timer = nil
            let expired = state.pending.expire(at: now)
            setTimer(&state, now: now, notBefore: now + Self.timerSpacing)
            return expired
        }
        for waiter in expired {
            waiter.end(.failure(waiter.isInDoubt ? .disconnected : .timedOut(waiter.key)))
        }
    }

    /// The clock's time in SwiftNIO's terms, counted from now.
    private static func deadlines(of clock: some Clock<Duration>) -> @Sendable () -> NIODeadline {
        let start = clock.now
        return { .uptimeNanoseconds(0) + TimeAmount(start.duration(to: clock.now)) }
    }
}
