public import Actions
public import Bus
import Contracts
public import Listening
public import Logging
public import NIOCore
public import Observability
public import ServiceLifecycle
import Synchronization

/// Terminates WebSockets: bots on one side, clients on the other. Starts and drains the parts of an edge in the order
/// in which ``EdgeAssembly`` lists them.
public final class WSEdgeService: Service {
    private let configuration: WSEdgeConfiguration
    private let bus: any MessageBus
    private let edge: EdgeAssembly
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let onListening: @Sendable (Int) -> Void
    private let phase = Mutex(Phase.starting)

    private enum Phase { case starting, serving, draining }

    /// - Parameters:
    ///   - inbound: the process's budget for messages that arrive; `nil`: this service has one of its own.
    ///   - onListening: hears the shared port once it is bound (`edge.shared_port` may be 0).
    public init(
        configuration: WSEdgeConfiguration, bus: any MessageBus, eventLoopGroup: any EventLoopGroup, logger: Logger,
        inbound: InboundBudget? = nil, onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        var logger = logger
        logger[metadataKey: LogKeys.edgeID] = "\(configuration.edgeID)"
        eventLoop = eventLoopGroup.next()
        edge = EdgeAssembly(
            configuration: configuration,
            address: EdgeAddress(edgeID: configuration.edgeID, instance: EdgeAddress.newInstance()), bus: bus,
            group: eventLoopGroup, on: eventLoop, inbound: inbound, logger: logger)
        self.configuration = configuration
        self.bus = bus
        self.logger = logger
        self.onListening = onListening
    }

    var inbox: Inbox { edge.inbox }

    /// For health checks.
    public var health: HealthCheck {
        { [self] in
            switch phase.withLock({ $0 }) {
            case .starting: Impairment(.unavailable, "The edge has not opened its port yet.")
            case .draining: Impairment(.unavailable, "The edge is stopping.")
            case .serving: impairment
            }
        }
    }

    /// What is wrong with the first part that is not well.
    private var impairment: Impairment? {
        for part in edge.parts {
            if let impairment = part.impairment?() { return impairment }
        }
        return nil
    }

    public func run() async throws {
        sayHowMany()
        guard try await edge.queue.open() else { return }
        let gauges = eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .seconds(1)) { [edge] _ in
            for part in edge.parts { part.measure?() }
        }
        let timers = edge.hub.startTimers(heartbeatInterval: configuration.sessions.heartbeatInterval) + [gauges]
        defer { for timer in timers { timer.cancel() } }
        do {
            try await edge.port.open()
        } catch {
            throw WSEdgeError.cannotListen(error)
        }
        phase.withLock { $0 = .serving }
        onListening(edge.port.number)
        sayAllAgainAfterOutages()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for part in edge.parts {
                if let run = part.run { tasks.addTask { await run() } }
            }
            try await gracefulShutdown()
            await drain()
            tasks.cancelAll()
        }
        await edge.leases.end()
        await edge.queue.end()
    }

    private func sayHowMany() {
        let (asked, served) = (configuration.maxConnections, edge.accepting.served)
        logger.debug("Connections are bounded.", metadata: [LogKeys.limit: "\(served)"])
        guard asked > served else { return }
        logger.warning(
            "The limit of open files leaves less than edge.max_connections asks for; that is the bound now.",
            metadata: [LogKeys.limit: "\(served)"])
    }

    /// What was said or published while the bus was away may be lost, both ways. The bus keeps this closure for as long
    /// as it lives, so the closure must not keep us alive.
    private func sayAllAgainAfterOutages() {
        let wasAway = Mutex(false)
        bus.watch { [weak self] status in
            let isNews = wasAway.withLock { wasAway in
                defer { wasAway = status != .connected }
                return wasAway != (status != .connected)
            }
            // While we stop, the bus ends with us.
            guard let self, isNews, phase.withLock({ $0 }) == .serving else { return }
            if let obstacle = status.obstacle {
                logger.warning("The bus is away.", metadata: [LogKeys.reason: "\(obstacle)"])
            } else {
                logger.notice("The bus is back.")
                edge.sayAllAgain()
            }
        }
    }

    /// Stops accepting, lets what is in flight be answered, closes every client; ends within `edge.drain_time`, however
    /// silent the clients.
    private func drain() async {
        logger.info("Draining.", metadata: [LogKeys.count: "\(edge.hub.count)"])
        phase.withLock { $0 = .draining }
        let end = ContinuousClock.now + configuration.sockets.drainTime
        for part in edge.parts { await part.drain?(end) }
    }
}

/// Why an edge cannot start.
public enum WSEdgeError: Error, CustomStringConvertible {
    case cannotListen(ListenFailure)

    public var description: String {
        switch self {
        case .cannotListen(let failure): failure.description
        }
    }
}
