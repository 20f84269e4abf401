public import Actions
public import Bus
import Contracts
public import Listening
public import Logging
import Metrics
public import NIOCore
public import Observability
import OneBot
public import ServiceLifecycle
import Synchronization
import WebSocketTransport

/// Terminates WebSockets: bots on one side, clients on the other. Owns the parts below; starts and drains them in the order
/// in which they stand in ``run()``.
public final class WSEdgeService: Service {
    private let configuration: WSEdgeConfiguration
    private let context: EdgeContext
    private let bus: any MessageBus
    private let group: any EventLoopGroup
    private let hub: Hub
    private let bots: Bots
    private let clients: ClientListener
    private let targets: Targets
    private let ports: PortListeners
    private let methods: EdgeMethods
    private let groups: GroupDelivery
    let inbox: Inbox
    private let inboxLoop: any EventLoop
    private let onListening: @Sendable (Int) -> Void
    private let phase = Mutex(Phase.starting)

    private enum Phase { case starting, serving, draining }

    /// - Parameters:
    ///   - inbound: the room of the process for messages that arrive; `nil`: this service is alone in it.
    ///   - onListening: hears the shared port once it is bound (`edge.shared_port` may be 0).
    public init(
        configuration: WSEdgeConfiguration, bus: any MessageBus, eventLoopGroup: any EventLoopGroup, logger: Logger,
        inbound: InboundBudget? = nil, onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        var logger = logger
        logger[metadataKey: "edge.id"] = "\(configuration.edgeID)"
        let address = EdgeAddress(edgeID: configuration.edgeID, instance: EdgeAddress.newInstance())
        let exchanges = configuration.exchanges
        inboxLoop = eventLoopGroup.next()
        let requester = Requester(
            bus: bus, inbox: exchanges.inbox(of: address), idPrefix: "r", appID: ServiceName.edge.rawValue)
        let registry = RegistryClient(requester: requester, exchanges: exchanges)
        let inbound = inbound ?? InboundBudget(limit: configuration.inboundBudget)
        let presence = PresenceView()
        let metrics = EdgeMetrics()
        // Bounded by the sessions: each registers once and has one action of ours at work.
        let tasks = BackgroundTasks(limit: .max)
        let leases = LeaseKeeper(
            address: address, exchanges: exchanges, bus: bus, eventLoop: inboxLoop, logger: logger)
        var dispatcher = ActionDispatcher(
            of: .edge, registry: registry, edges: EdgeClient(requester: requester, exchanges: exchanges),
            presence: presence, bus: bus, exchanges: exchanges,
            bots: BotActionCaller(requester: requester, exchanges: exchanges, patience: configuration.patience),
            spawn: { tasks.spawn($0) })
        dispatcher.onlineClientsShape = configuration.onlineClientsShape
        dispatcher.logger = logger
        context = EdgeContext(
            configuration: configuration, address: address, bus: bus, requester: requester, registry: registry,
            presence: presence, dispatcher: dispatcher, leases: leases, tasks: tasks, metrics: metrics, logger: logger,
            inbound: inbound)
        hub = Hub(
            group: eventLoopGroup, heartbeatInterval: configuration.heartbeatInterval,
            hasTargets: !configuration.reverseWebSockets.isEmpty || !configuration.webhooks.isEmpty, metrics: metrics)
        let groups = Groups(presence: presence)
        bots = Bots(
            configuration: configuration, address: address, bus: bus, requester: requester, group: eventLoopGroup,
            logger: logger, inbound: inbound,
            newestElsewhere: { bot in
                presence.current.bots[bot].flatMap { $0.edge == address ? nil : $0.epoch } ?? 0
            }, isLinked: { presence.current.bots[$0]?.isOnline == true }, stamp: { groups.stamp($1, of: $0) },
            report: { leases.changed($0) })
        clients = ClientListener(context: context, hub: hub)
        targets = Targets(context: context, hub: hub, clients: clients, group: eventLoopGroup)
        ports = PortListeners(context: context, clients: clients, group: eventLoopGroup)
        let announcer = ClientStatusAnnouncer(
            hub: hub, context: context, bots: bots, targets: targets, eventLoop: inboxLoop)
        methods = EdgeMethods(context: context, hub: hub, ports: ports, bots: bots, announcer: announcer)
        self.groups = GroupDelivery(groups: groups, context: context, hub: hub, eventLoop: inboxLoop)
        inbox = Inbox(
            context: context, hub: hub, announcer: announcer, methods: methods, groups: self.groups,
            eventLoop: inboxLoop)
        self.configuration = configuration
        self.bus = bus
        self.group = eventLoopGroup
        self.onListening = onListening
    }

    /// For health checks.
    public var health: HealthCheck {
        { [self] in
            switch phase.withLock({ $0 }) {
            case .starting: Impairment(.unavailable, "The edge has not opened its port yet.")
            case .draining: Impairment(.unavailable, "The edge is stopping.")
            case .serving: standing ?? context.accepting.impairment ?? silence
            }
        }
    }

    /// How the registry sees this edge.
    private var standing: Impairment? {
        let presence = context.presence.current
        guard presence.isComplete else {
            return Impairment(.degraded, "The edge has not heard from the registry yet who is online.")
        }
        if presence.edges.contains(context.address) { return nil }
        return Impairment(
            .unavailable,
            "The registry does not count this edge. If that lasts, another process has run under its edge.id "
                + "(\(context.address.edgeID)): give each its own, and start this one again.")
    }

    /// Bots that do not answer their actions, and those that are connected and do not make themselves known.
    private var silence: Impairment? {
        let silent = bots.silent
        let names = silent.prefix(5).map(\.description).joined(separator: ", ") + (silent.count > 5 ? ", …" : "")
        let unanswering =
            silent.isEmpty
            ? [] : ["No answer to actions comes from bot \(names): they fail at once until it answers again."]
        let reasons = unanswering + bots.troubles.prefix(5)
        return reasons.isEmpty ? nil : Impairment(.ailing, reasons.joined(separator: " "))
    }

    public func run() async throws {
        sayHowMany()
        let consumer = LastingConsumer { lost throws(MessageBusError) in try await self.consumeInbox(lost) }
        guard try await open(consumer) else { return }
        let gauges = inboxLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .seconds(1)) { _ in self.measure() }
        let timers = hub.startTimers(heartbeatInterval: configuration.heartbeatInterval) + [gauges]
        defer { for timer in timers { timer.cancel() } }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await self.context.tasks.run() }
            let server = try await listen()
            phase.withLock { $0 = .serving }
            onListening(server.port)
            tasks.addTask { await self.context.leases.run() }
            tasks.addTask {
                // Whoever decides which member of a group gets an event has to know who there is.
                await self.context.presence.complete(within: .seconds(2))
                await self.bots.run()
            }
            tasks.addTask { await self.targets.run() }
            tasks.addTask { await self.keep(consumer) }
            methods.refreshPresence()
            sayAllAgainAfterOutages()
            try await gracefulShutdown()
            await drain(server)
            tasks.cancelAll()
        }
        await context.leases.end()
        await consumer.cancel()
        context.requester.close()
        // Where the broker is away the queue expires by itself.
        try? await bus.delete(context.inbox)
    }

    private func sayHowMany() {
        let (asked, served) = (configuration.maxConnections, context.accepting.served)
        context.logger.debug("Connections are bounded.", metadata: [LogKeys.limit: "\(served)"])
        guard asked > served else { return }
        context.logger.warning(
            "The limit of open files leaves less than edge.max_connections asks for; that is the bound now.",
            metadata: [LogKeys.limit: "\(served)"])
    }

    /// What is not counted as it happens.
    private func measure() {
        context.metrics.hubBacklog.set(hub.totalBacklogBytes)
        context.metrics.outbound.set(context.budget.bytes)
        context.metrics.inbound.set(context.inbound.bytes)
        bots.measure(at: .now())
    }

    /// What was said or published while the bus was away may be lost, both ways. The bus keeps what it is given for as long as it lives, and so
    /// does not keep us alive.
    private func sayAllAgainAfterOutages() {
        let wasAway = Mutex(false)
        bus.watch { [weak self] status in
            let isNews = wasAway.withLock { wasAway in
                defer { wasAway = status != .connected }
                return wasAway != (status != .connected)
            }
            // Where we stop, the bus ends with us.
            guard let self, isNews, phase.withLock({ $0 }) == .serving else { return }
            if let obstacle = status.obstacle {
                context.logger.warning("The bus is away.", metadata: [LogKeys.reason: "\(obstacle)"])
            } else {
                context.logger.notice("The bus is back.")
                context.leases.reportAll()
                methods.refreshPresence()
            }
        }
    }

    /// Waits for the bus; false where we are to stop before.
    private func open(_ inbox: LastingConsumer) async throws -> Bool {
        do {
            try await cancelWhenGracefulShutdown {
                try await self.bus.persistently { try await inbox.open() }
            }
            return true
        } catch is CancellationError {
            return false
        }
    }

    /// What came while there was no inbox is missing: of events the next one tells, the rest is asked for.
    private func keep(_ inbox: LastingConsumer) async {
        await inbox.keep {
            self.context.logger.warning("The edge's queue was deleted under it; it is made anew.")
        } regained: {
            self.context.logger.notice("The edge has its queue again.")
            self.context.leases.reportAll()
            self.methods.refreshPresence()
        }
    }

    private func consumeInbox(
        _ lost: @escaping @Sendable () -> Void
    ) async throws(MessageBusError) -> any BusConsumer {
        let exchanges = configuration.exchanges
        let (queue, key) = (context.inbox, BindingPattern(context.address.key.text))
        for exchange in exchanges.all { try await bus.declare(exchange) }
        try await bus.declare(
            QueueDeclaration(queue, hasSingleActiveConsumer: true, expires: .seconds(60), maxLengthBytes: 256 << 20))
        try await bus.bind(queue, to: exchanges.events, "#")
        for pattern in PresenceChange.patterns { try await bus.bind(queue, to: exchanges.presence, pattern) }
        try await bus.bind(queue, to: exchanges.broadcast, key)
        try await bus.bind(queue, to: exchanges.callback, key)
        try await bus.bind(queue, to: exchanges.rpc, key)
        return try await bus.consume(queue, prefetch: 4_096, on: inboxLoop, cancelled: lost) { [inbox] delivery in
            inbox.receive(delivery)
        }
    }

    /// The shared port: any number of clients, and bots that dial in.
    private func listen() async throws -> WebSocketServer {
        do {
            let server = try await WebSocketServer.bind(
                host: configuration.host, port: configuration.sharedPort, group: group,
                options: context.clientOptions, limits: context.accepting, logger: context.logger,
                authorise: { [bots, clients] request in bots.decide(request) ?? clients.decide(request) },
                accepted: { [bots, clients] connection, request in
                    if bots.decide(request) == nil {
                        clients.accept(connection, request)
                    } else {
                        bots.accept(connection, request)
                    }
                })
            context.sharedPort.bound(server.port)
            return server
        } catch {
            throw WSEdgeError.cannotListen(
                ListenFailure(
                    error, host: configuration.host, port: configuration.sharedPort, hostSetting: "edge.host",
                    portSetting: "edge.shared_port"))
        }
    }

    /// Stops accepting, lets what is in flight be answered, closes every client (``CloseReason``); ends within
    /// `edge.drain_time`, however silent the clients.
    private func drain(_ server: WebSocketServer) async {
        context.logger.info("Draining.", metadata: ["count": "\(hub.count)"])
        phase.withLock { $0 = .draining }
        let end = ContinuousClock.now + configuration.drainTime
        context.leases.drain()
        groups.leave()
        targets.drain()
        await server.close()
        await ports.closeAll()
        hub.enqueue(.onEverySession { $0.drain() })
        await hub.empty(until: end - configuration.drainTime / 4)
        hub.enqueue(.onEverySession { $0.endNow() })
        await hub.empty(until: end)
        hub.enqueue(.onEverySession { $0.abort() })
        await hub.empty(until: .now + .seconds(1))
        await groups.lastEvents()
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
