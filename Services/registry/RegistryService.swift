public import Bus
import Contracts
public import Logging
public import NIOCore
public import Observability
public import ServiceLifecycle

/// Knows who is where: presence, names, tokens, ports. Answers questions, takes the edges' reports, publishes what changed.
///
/// Of several registries one works: whoever holds the exclusive queue. The others wait for it.
public struct RegistryService: Service {
    private let configuration: RegistryConfiguration
    private let bus: any MessageBus
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let status = RegistryStatus()
    /// Opens the database; tests bring their own.
    var openStore: @Sendable (_ path: String) async throws -> RegistryStore = { try await RegistryStore.open(path: $0) }

    /// Questions, reports and answers taken from the bus but not handled yet, each.
    private static let prefetch = 512

    /// Has no side effects: everything begins with ``run()``.
    /// - Parameter eventLoop: where deliveries come in.
    public init(configuration: RegistryConfiguration, bus: any MessageBus, eventLoop: any EventLoop, logger: Logger) {
        self.configuration = configuration
        self.bus = bus
        self.eventLoop = eventLoop
        self.logger = logger
    }

    /// For health checks.
    public var health: HealthCheck { { [status] in status.impairment } }

    /// `nil` where the registry does its work, else why it doesn't.
    public var readiness: @Sendable () -> String? {
        { [status] in status.reason }
    }

    /// Serves until graceful shutdown or cancellation.
    /// - Throws: ``RegistryError`` where the database cannot be opened, or the queue is lost.
    public func run() async throws {
        let exchanges = configuration.exchanges
        guard try await takeQueue(exchanges.registryQueue) else { return }
        status.set(phase: "The registry is opening its database.")
        let store = try await openStore(configuration.database)
        let failure = await serve(store)
        status.set(phase: "The registry has stopped.")
        // Nobody asks a registry that has gone, and a waiting one may take over. It may be gone with the connection already.
        try? await bus.delete(exchanges.registryQueue)
        try? await bus.delete(exchanges.registryRepliesQueue)
        await store.close()
        if let failure { throw failure }
    }

    /// Waits until the queue is ours; false where we are to stop before.
    private func takeQueue(_ queue: QueueName) async throws -> Bool {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do throws(MessageBusError) {
                    try await bus.declare(QueueDeclaration(queue, isExclusive: true))
                    return true
                } catch {
                    switch error {
                    case .locked:
                        status.set(phase: "Another registry is at work; this one waits to take over.", .standby)
                    case .disconnected, .unreachable:
                        status.set(phase: "The registry has no connection to the bus.")
                    case .differs, .noSuchQueue, .noSuchExchange, .unroutable, .rejected, .timedOut, .closed:
                        throw error
                    }
                    try? await Task.sleep(for: .seconds(1))  // cancelled: the loop ends
                }
            }
            return false
        }
    }

    /// Serves; why it had to end, if it had to.
    private func serve(_ store: RegistryStore) async -> (any Error)? {
        let inputs = RegistryInputs()
        let (ends, end) = AsyncStream.makeStream(of: RegistryError?.self)
        do {
            let clock = SuspendingClock()
            let origin = clock.now
            let now: @Sendable () -> Moment = {
                Moment(uptime: origin.duration(to: clock.now), utcMilliseconds: UTC.milliseconds)
            }
            let exchanges = configuration.exchanges
            let stored = try await store.begin(utcMilliseconds: now().utcMilliseconds)
            let requester = Requester(
                bus: bus, inbox: exchanges.registryRepliesQueue, idPrefix: "registry",
                appID: ServiceName.registry.rawValue)
            let registrar = Registrar(
                state: RegistryState(configuration: configuration, registryEpoch: stored.registryEpoch), store: store,
                inputs: inputs, bus: bus, exchanges: exchanges, requester: requester, status: status, logger: logger,
                clock: now)
            let consumers = try await consume(inputs, requester) { end.yield($0) }
            logger.info("The registry is at work.", metadata: [LogKeys.path: "\(configuration.database)"])
            status.set(phase: nil)
            let failure = await withTaskGroup { group in
                group.addTask { await registrar.run(stored) }
                let ticks = eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: tickInterval) { _ in
                    inputs.tick()
                }
                let failure = await withGracefulShutdownHandler {
                    await ends.first { _ in true } ?? nil
                } onGracefulShutdown: {
                    end.yield(nil)
                }
                ticks.cancel()
                // An edge that stopped before us has said so: what the bus has delivered comes in first.
                await withCheckedContinuation { turn in eventLoop.execute { turn.resume() } }
                for consumer in consumers { await consumer.cancel() }
                inputs.finish()
                await group.waitForAll()
                return failure
            }
            return failure
        } catch {
            return error
        }
    }

    /// Makes the queues and begins to take from them. Whoever asks waits in the queue until then.
    private func consume(
        _ inputs: RegistryInputs, _ requester: Requester, lost: @escaping @Sendable (RegistryError) -> Void
    ) async throws -> [any BusConsumer] {
        let exchanges = configuration.exchanges
        for exchange in exchanges.all { try await bus.declare(exchange) }
        try await bus.declare(QueueDeclaration(exchanges.registryRepliesQueue, isExclusive: true))
        try await bus.declare(QueueDeclaration(exchanges.registryReportsQueue, hasSingleActiveConsumer: true))
        try await bus.bind(exchanges.registryReportsQueue, to: exchanges.presence, EdgeAddress.reportPattern)
        try await bus.bind(
            exchanges.registryQueue, to: exchanges.rpc, BindingPattern(Exchanges.registryKey.text))
        var consumers: [any BusConsumer] = []
        do {
            try await consumers.append(
                consume(exchanges.registryRepliesQueue, lost) { delivery in
                    _ = requester.receive(delivery)  // one that comes late is nobody's
                    delivery.acknowledge()
                })
            try await consumers.append(consume(exchanges.registryReportsQueue, lost) { inputs.send(.report($0)) })
            try await consumers.append(consume(exchanges.registryQueue, lost) { inputs.send(.question($0)) })
            return consumers
        } catch {
            for consumer in consumers { await consumer.cancel() }
            throw error
        }
    }

    private func consume(
        _ queue: QueueName, _ lost: @escaping @Sendable (RegistryError) -> Void,
        handler: @escaping @Sendable (Delivery) -> Void
    ) async throws -> any BusConsumer {
        try await bus.consume(
            queue, prefetch: Self.prefetch, on: eventLoop, cancelled: { lost(.lostQueue(queue.text)) }, handler: handler
        )
    }

    /// Four looks a lease, at most every 20 ms, at least every half second.
    private var tickInterval: TimeAmount {
        let interval = min(max(configuration.lease / 4, .milliseconds(20)), .milliseconds(500))
        return .nanoseconds(Int64(interval / .nanoseconds(1)))
    }
}
