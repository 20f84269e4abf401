public import Bus
import Claims
import Contracts
public import Logging
public import NIOCore
public import Observability
public import ServiceLifecycle
import Synchronization

/// Knows who is where: presence, names, tokens, ports. Answers questions, takes the edges' reports, publishes what
/// changed.
///
/// Of several registries one works: the one that holds the exclusive queue. The others wait for that queue, and so does
/// this one again when it has lost it with its connection. The time in which a registry is at work is a term, with an
/// epoch of its own.
public struct RegistryService: Service {
    private let configuration: RegistryConfiguration
    private let bus: any MessageBus
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let status = RegistryStatus()
    /// Opens the database; tests bring their own.
    var openStore: @Sendable (_ path: String) async throws -> RegistryStore = { try await RegistryStore.open(path: $0) }
    /// Makes the clock of a term; tests bring their own.
    var startClock: @Sendable () -> @Sendable () -> Moment = {
        let clock = SuspendingClock()
        let origin = clock.now
        return { Moment(uptime: origin.duration(to: clock.now), utcMilliseconds: UTC.milliseconds) }
    }

    /// How many questions, reports and answers each may be taken from the bus but not handled yet.
    private static let prefetch = 512
    /// The time between looks at a database that another registry has open.
    private static let lookEvery = Duration.seconds(1)
    private static let pauseBetweenTerms = Duration.milliseconds(100)

    /// How a term ends.
    private enum Ending: Sendable {
        case stopped
        /// The queue is gone, with the connection or without: another term may follow.
        case lost(String)
        case failed(any Error)
    }

    /// The inputs of the present term, so that they hear whether the bus is away.
    private final class Terms: Sendable {
        private let state = Mutex((inputs: RegistryInputs?.none, isAway: false))

        func begin(_ inputs: RegistryInputs) {
            let isAway = state.withLock { state in
                state.inputs = inputs
                return state.isAway
            }
            inputs.bus(isAway: isAway)
        }

        func end() { state.withLock { $0.inputs = nil } }

        func bus(isAway: Bool) {
            let inputs = state.withLock { state in
                state.isAway = isAway
                return state.inputs
            }
            inputs?.bus(isAway: isAway)
        }
    }

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

    /// Refuses to be the second registry of a database, before anything of the process begins. Where the bus does not
    /// work yet, the registry that has the database may be the one we are to stand by for: then nothing is refused
    /// here.
    /// - Parameter patience: how long one that is just ending may take.
    /// - Throws: ``RegistryError/locked(path:holder:)``.
    public func refuseSecond(patience: Duration = .milliseconds(500)) async throws {
        guard case .connected = bus.status, configuration.database != ":memory:" else { return }
        let end = ContinuousClock.now + patience
        while let holder = StoreLock.holder(of: configuration.database) {
            guard ContinuousClock.now < end else {
                throw RegistryError.locked(path: configuration.database, holder: holder)
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Serves until graceful shutdown or cancellation, term after term.
    /// - Throws: ``RegistryError`` where the database cannot be opened.
    public func run() async throws {
        let terms = Terms()
        bus.watch { terms.bus(isAway: $0.obstacle != nil) }
        let claim = Claim(
            configuration.exchanges.registryQueue, .term(), bus: bus, requester: nil, eventLoop: eventLoop, told: waits)
        var isFirst = true
        while try await cancelWhenGracefulShutdown({ try await claim.take() }) {
            let ending = try await term(claim, isFirst: isFirst, followsAnother: claim.followsAnother, terms)
            guard case .lost(let reason) = ending else { break }
            isFirst = false
            logger.warning(
                "The registry is out of work; it waits to take over again.", metadata: [LogKeys.reason: "\(reason)"])
            status.set(phase: "The registry has lost its queue: \(reason)")
            try? await Task.sleep(for: Self.pauseBetweenTerms)  // cancelled: the loop ends
        }
        await claim.giveUp()  // it may have become ours just as we were stopped
        status.set(phase: "The registry has stopped.")
    }

    /// One term: from having the queue to being stopped, or losing it.
    private func term(_ claim: Claim, isFirst: Bool, followsAnother: Bool, _ terms: Terms) async throws -> Ending {
        status.set(phase: "The registry is opening its database.")
        var ending = Ending.stopped
        do {
            if let store = try await open(waiting: !isFirst || followsAnother) {
                ending = await serve(store, isFirst: isFirst, followsAnother: followsAnother, terms)
                await store.close()
            }
        } catch let error as MessageBusError {
            ending = .lost("\(error)")
        }
        // Another registry may take over now, and nobody asks one that has gone. The queue of replies may be gone with
        // the connection already.
        await claim.giveUp()
        try? await bus.delete(configuration.exchanges.registryRepliesQueue)
        if case .failed(let error) = ending { throw error }
        return ending
    }

    /// Opens the database; `nil` where we are to stop before.
    /// - Throws: a ``MessageBusError`` where the queue is lost meanwhile.
    private func open(waiting: Bool) async throws -> RegistryStore? {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    return try await openStore(configuration.database)
                } catch RegistryError.locked(let path, _) where waiting {
                    status.set(phase: "The registry before this one still has the database \(path) open.")
                    try? await Task.sleep(for: Self.lookEvery)  // cancelled: the loop ends
                    try await bus.declare(QueueDeclaration(configuration.exchanges.registryQueue, isExclusive: true))
                } catch RegistryError.locked(let path, nil) {
                    throw RegistryError.locked(path: path, holder: StoreLock.holder(of: path))
                }
            }
            return nil
        }
    }

    /// Puts into the status what it waits for, while it waits for its claim.
    private func waits(_ news: ClaimNews) {
        let away = "The registry has no connection to the bus"
        switch news {
        case .held: status.set(phase: "Another registry is at work; this one waits to take over.", .standby)
        case .cannotTell(let reason), .cannotTake(.unreachable(let reason), _):
            status.set(phase: "\(away): \(reason)")
        case .cannotTake: status.set(phase: "\(away).")
        case .lost, .refused, .late, .cannotGiveUp: break
        }
    }

    /// Serves until it is stopped, or cannot go on.
    private func serve(
        _ store: RegistryStore, isFirst: Bool, followsAnother: Bool, _ terms: Terms
    ) async -> Ending {
        let inputs = RegistryInputs()
        terms.begin(inputs)
        defer { terms.end() }
        let (ends, end) = AsyncStream.makeStream(of: Ending.self)
        do {
            let now = startClock()
            let exchanges = configuration.exchanges
            let stored = try await store.begin(utcMilliseconds: now().utcMilliseconds)
            // A database in memory has forgotten the edges of the term before; it is as if another registry had known
            // them.
            let isForgetful = !isFirst && stored.edges.isEmpty
            // The prefix is new in each term, so that an answer to a question of an earlier term is not taken for one
            // of this term.
            let requester = Requester(
                bus: bus, inbox: exchanges.registryRepliesQueue,
                idPrefix: "registry-\(EdgeAddress.newInstance())-", appID: ServiceName.registry.rawValue)
            let registrar = Registrar(
                state: RegistryState(configuration: configuration, registryEpoch: stored.registryEpoch), store: store,
                inputs: inputs, bus: bus, exchanges: exchanges, requester: requester, status: status, logger: logger,
                clock: now)
            let consumers = try await consume(inputs, requester) { end.yield(.lost("\($0)")) }
            logger.info("The registry is at work.", metadata: [LogKeys.path: "\(configuration.database)"])
            status.set(phase: nil)
            return await withTaskGroup { group in
                group.addTask { await registrar.run(stored, followsAnother: followsAnother || isForgetful) }
                let ticks = eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: tickInterval) { _ in
                    inputs.tick()
                }
                let ending = await withGracefulShutdownHandler {
                    await ends.first { _ in true } ?? .stopped
                } onGracefulShutdown: {
                    end.yield(.stopped)
                }
                ticks.cancel()
                // An edge that stopped before us may have said so: what the bus has already delivered comes in first.
                await withCheckedContinuation { turn in eventLoop.execute { turn.resume() } }
                for consumer in consumers { await consumer.cancel() }
                inputs.finish()
                await group.waitForAll()
                return ending
            }
        } catch MessageBusError.locked, MessageBusError.disconnected, MessageBusError.unreachable,
            MessageBusError.noSuchQueue
        {
            return .lost("the bus went away, or another registry is not quite gone")
        } catch {
            return .failed(error)
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
                    _ = requester.receive(delivery)  // nobody waits for one that comes late
                    delivery.acknowledge()
                })
            try await consumers.append(consume(exchanges.registryReportsQueue, lost) { inputs.send(.report($0)) })
            try await consumers.append(
                consume(exchanges.registryQueue, lost) { delivery in
                    // A registry that waits has looked whether we are here.
                    if delivery.properties.type == Claim.probe { return delivery.acknowledge() }
                    inputs.send(.question(delivery))
                })
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

    /// Half a second, or a quarter of the short leases that tests set, but at least 20 ms.
    private var tickInterval: TimeAmount {
        let interval = min(max(configuration.lease / 4, .milliseconds(20)), .milliseconds(500))
        return .nanoseconds(Int64(interval / .nanoseconds(1)))
    }
}
