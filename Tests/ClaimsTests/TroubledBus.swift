import Bus
import NIOCore
import Synchronization

/// A connection to the in-memory broker that fails when a test says so.
final class TroubledBus: MessageBus {
    /// A failure that happens once, the next time it can.
    enum Trouble: Sendable, Hashable, CaseIterable {
        /// A message is confirmed but goes nowhere: a lost question or answer.
        case lostMessage
        case refusedMessage, unreachableMessage, unknownMessage, unstoredMessage
        case failedDeclaration, failedConsumer

        var isOfMessage: Bool {
            switch self {
            case .lostMessage, .refusedMessage, .unreachableMessage, .unknownMessage, .unstoredMessage: true
            case .failedDeclaration, .failedConsumer: false
            }
        }

        var outcome: PublishOutcome {
            switch self {
            case .lostMessage: .confirmed
            case .refusedMessage: .rejected("it is refused")
            case .unreachableMessage: .unreachable("it is away")
            case .unknownMessage, .failedDeclaration, .failedConsumer: .unknown
            case .unstoredMessage: .notStored
            }
        }
    }

    let inner: InMemoryBus
    private let state = Mutex(State())

    private struct State {
        var troubles: [Trouble] = []
        var hangs = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    init(_ inner: InMemoryBus) { self.inner = inner }

    func expect(_ trouble: Trouble) { state.withLock { $0.troubles.append(trouble) } }

    /// From now on nothing fails, except that ``hang()`` stays in force.
    func forget() { state.withLock { $0.troubles = [] } }

    /// Declarations wait for ``goOn()``, as on a bus that waits for its broker.
    func hang() { state.withLock { $0.hangs = true } }

    /// Whether a declaration waits.
    var isAsked: Bool { state.withLock { !$0.waiters.isEmpty } }

    func goOn() {
        let waiters = state.withLock { state in
            state.hangs = false
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func take(_ isWanted: (Trouble) -> Bool) -> Trouble? {
        state.withLock { state in
            state.troubles.firstIndex(where: isWanted).map { state.troubles.remove(at: $0) }
        }
    }

    // MARK: MessageBus

    func declare(_ queue: QueueDeclaration) async throws(MessageBusError) {
        await withCheckedContinuation { waiter in
            let isToWait = state.withLock { state in
                if state.hangs { state.waiters.append(waiter) }
                return state.hangs
            }
            if !isToWait { waiter.resume() }
        }
        if take({ $0 == .failedDeclaration }) != nil { throw .disconnected }
        try await inner.declare(queue)
    }

    func consume(
        _ queue: QueueName, prefetch: Int, on eventLoop: any EventLoop,
        cancelled: @escaping @Sendable () -> Void, handler: @escaping @Sendable (Delivery) -> Void
    ) async throws(MessageBusError) -> any BusConsumer {
        if take({ $0 == .failedConsumer }) != nil { throw .disconnected }
        return try await inner.consume(
            queue, prefetch: prefetch, on: eventLoop, cancelled: cancelled, handler: handler)
    }

    func publish(
        _ message: Message, to exchange: Exchange, key: RoutingKey, mandatory: Bool,
        then: (@Sendable (PublishOutcome) -> Void)?
    ) {
        if let trouble = take(\.isOfMessage) {
            then?(trouble.outcome)
        } else {
            inner.publish(message, to: exchange, key: key, mandatory: mandatory, then: then)
        }
    }

    func declare(_ exchange: Exchange) async throws(MessageBusError) { try await inner.declare(exchange) }
    func delete(_ queue: QueueName) async throws(MessageBusError) { try await inner.delete(queue) }

    func bind(_ queue: QueueName, to exchange: Exchange, _ pattern: BindingPattern) async throws(MessageBusError) {
        try await inner.bind(queue, to: exchange, pattern)
    }

    func unbind(
        _ queue: QueueName, from exchange: Exchange, _ pattern: BindingPattern
    ) async throws(MessageBusError) { try await inner.unbind(queue, from: exchange, pattern) }

    var status: BusStatus { inner.status }
    func watch(_ body: @escaping @Sendable (BusStatus) -> Void) { inner.watch(body) }
    func close() async { await inner.close() }
}
