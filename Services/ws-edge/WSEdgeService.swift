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
    private let address: EdgeAddress
    private let bus: any MessageBus
    private let group: any EventLoopGroup
    private let requester: Requester
    private let presence: PresenceView
    private let tasks: BackgroundTasks
    private let leases: LeaseKeeper
    private let accepting: AcceptLimits
    private let inbound: InboundBudget
    private let outbound: OutboundBudget
    private let clientOptions: WebSocketOptions
    private let hub: Hub
    private let bots: Bots
    private let clients: ClientListener
    private let targets: Targets
    private let webhooks: Webhooks
    private let ports: PortListeners
    private let methods: EdgeMethods
    private let groups: GroupDelivery
    let inbox: Inbox
    private let inboxLoop: any EventLoop
    private let metrics: EdgeMetrics
    private let logger: Logger
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
        logger[metadataKey: LogKeys.edgeID] = "\(configuration.edgeID)"
        let address = EdgeAddress(edgeID: configuration.edgeID, instance: EdgeAddress.newInstance())
        let exchanges = configuration.exchanges
        inboxLoop = eventLoopGroup.next()
        let requester = Requester(
            bus: bus, inbox: exchanges.inbox(of: address), idPrefix: "r", appID: ServiceName.edge.rawValue)
        let registry = RegistryClient(requester: requester, exchanges: exchanges)
        let inbound = inbound ?? InboundBudget(limit: configuration.sockets.inboundBudget)
        let outbound = OutboundBudget(limit: configuration.sessions.outbound.budget)
        let presence = PresenceView()
        let defaultBot = DefaultBot(presence: presence, hasConfigured: !configuration.bots.entries.isEmpty)
        let metrics = EdgeMetrics()
        // Bounded by the sessions: each registers once and has one action of ours at work.
        let tasks = BackgroundTasks(limit: .max)
        let leases = LeaseKeeper(
            address: address, exchanges: exchanges, bus: bus, eventLoop: inboxLoop, logger: logger)
        var dispatcher = ActionDispatcher(
            of: .edge, registry: registry, edges: EdgeClient(requester: requester, exchanges: exchanges),
            presence: presence, bus: bus, exchanges: exchanges,
            bots: BotActionCaller(requester: requester, exchanges: exchanges, patience: configuration.bots.patience),
            spawn: { tasks.spawn($0) })
        dispatcher.onlineClientsShape = configuration.onlineClientsShape
        dispatcher.logger = logger
        accepting = AcceptLimits(
            served: configuration.connections.served, spare: configuration.connections.spare,
            setting: "edge.max_connections", logger: logger)
        clientOptions = configuration.sockets.clientOptions(inbound)
        let hub = Hub(
            group: eventLoopGroup, heartbeatInterval: configuration.sessions.heartbeatInterval,
            hasTargets: configuration.targets.count > 0, metrics: metrics)
        let groups = Groups(presence: presence)
        let bots = Bots(
            configuration: configuration.bots, sockets: configuration.sockets, exchanges: exchanges, address: address,
            bus: bus, requester: requester, group: eventLoopGroup, logger: logger, inbound: inbound,
            newestElsewhere: { bot in
                presence.current.bots[bot].flatMap { $0.edge == address ? nil : $0.epoch } ?? 0
            }, isLinked: { presence.current.bots[$0]?.isOnline == true }, stamp: { groups.stamp($1, of: $0) },
            report: { leases.changed($0) })
        let sessions = SessionServices(
            configuration: configuration.sessions,
            registration: Registration(
                registry: registry, address: address, leases: leases, tasks: tasks, logger: logger),
            calls: BotCalls(bus: bus, actions: exchanges.actions, inbox: requester.inbox),
            dispatcher: dispatcher, presence: presence, budget: outbound, metrics: metrics,
            logger: logger)
        clients = ClientListener(
            configuration: configuration.door, accepting: accepting, defaultBot: defaultBot, sessions: sessions,
            hub: hub)
        let door = TargetDoor(hub: hub, clients: clients, registry: registry, tasks: tasks, logger: logger)
        let reverse = ReverseWebSockets(door: door, options: clientOptions, metrics: metrics, group: eventLoopGroup)
        let webhooks = Webhooks(
            door: door, maxBytes: configuration.sessions.outbound.limits.bytes, budget: outbound,
            group: eventLoopGroup)
        let targets = Targets(
            configuration.targets.reverseWebSockets.map { reverse.target($0) }
                + configuration.targets.webhooks.map { webhooks.target($0) },
            door: door, presence: presence, accounts: configuration.bots.accounts,
            claims: EntryClaims(exchanges: exchanges, address: address, bus: bus, requester: requester),
            group: eventLoopGroup)
        ports = PortListeners(
            configuration: configuration.ports, edgeID: configuration.edgeID, host: configuration.sockets.host,
            options: clientOptions, accepting: accepting, clients: clients, leases: leases, tasks: tasks,
            group: eventLoopGroup, logger: logger)
        let announcer = ClientStatusAnnouncer(
            hub: hub, presence: presence, address: address, defaultBot: defaultBot,
            delay: configuration.clientStatusDelay, eventLoop: inboxLoop
        ) { effect in
            requester.doubt(effect)
            guard !effect.changedBots.isEmpty else { return }
            bots.heard(of: effect.changedBots)
            targets.heard()
        }
        methods = EdgeMethods(
            bus: bus, registry: registry, presence: presence, leases: leases, tasks: tasks, hub: hub, ports: ports,
            bots: bots, announcer: announcer, logger: logger)
        self.groups = GroupDelivery(
            groups: groups, address: address, bus: bus, handovers: exchanges.rpc, metrics: metrics,
            eventLoop: inboxLoop
        ) { hub.enqueue(.tell(.grouped($0)), to: $0.owner.sessionID) }
        inbox = Inbox(
            exchanges: exchanges, address: address, requester: requester, presence: presence, hub: hub,
            announcer: announcer, methods: methods, groups: self.groups, metrics: metrics, eventLoop: inboxLoop,
            logger: logger)
        self.configuration = configuration
        self.address = address
        self.bus = bus
        self.group = eventLoopGroup
        self.requester = requester
        self.presence = presence
        self.tasks = tasks
        self.leases = leases
        self.inbound = inbound
        self.outbound = outbound
        self.hub = hub
        self.bots = bots
        self.targets = targets
        self.webhooks = webhooks
        self.metrics = metrics
        self.logger = logger
        self.onListening = onListening
    }

    /// For health checks.
    public var health: HealthCheck {
        { [self] in
            switch phase.withLock({ $0 }) {
            case .starting: Impairment(.unavailable, "The edge has not opened its port yet.")
            case .draining: Impairment(.unavailable, "The edge is stopping.")
            case .serving: standing ?? accepting.impairment ?? silence
            }
        }
    }

    /// How the registry sees this edge.
    private var standing: Impairment? {
        let presence = self.presence.current
        guard presence.isComplete else {
            return Impairment(.degraded, "The edge has not heard from the registry yet who is online.")
        }
        if presence.edges.contains(address) { return nil }
        return Impairment(
            .unavailable,
            "The registry does not count this edge. If that lasts, another process has run under its edge.id "
                + "(\(address.edgeID)): give each its own, and start this one again.")
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
        let timers = hub.startTimers(heartbeatInterval: configuration.sessions.heartbeatInterval) + [gauges]
        defer { for timer in timers { timer.cancel() } }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await self.tasks.run() }
            let server = try await listen()
            phase.withLock { $0 = .serving }
            onListening(server.port)
            tasks.addTask { await self.leases.run() }
            tasks.addTask {
                // Whoever decides which member of a group gets an event has to know who there is.
                await self.presence.complete(within: .seconds(2))
                await self.bots.run()
            }
            tasks.addTask {
                await self.targets.run()
                await self.webhooks.http.shutDown()
            }
            tasks.addTask { await self.keep(consumer) }
            methods.refreshPresence()
            sayAllAgainAfterOutages()
            try await gracefulShutdown()
            await drain(server)
            tasks.cancelAll()
        }
        await leases.end()
        await consumer.cancel()
        requester.close()
        // Where the broker is away the queue expires by itself.
        try? await bus.delete(requester.inbox)
    }

    private func sayHowMany() {
        let (asked, served) = (configuration.maxConnections, accepting.served)
        logger.debug("Connections are bounded.", metadata: [LogKeys.limit: "\(served)"])
        guard asked > served else { return }
        logger.warning(
            "The limit of open files leaves less than edge.max_connections asks for; that is the bound now.",
            metadata: [LogKeys.limit: "\(served)"])
    }

    /// What is not counted as it happens.
    private func measure() {
        metrics.hubBacklog.set(hub.totalBacklogBytes)
        metrics.outbound.set(outbound.bytes)
        metrics.inbound.set(inbound.bytes)
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
                logger.warning("The bus is away.", metadata: [LogKeys.reason: "\(obstacle)"])
            } else {
                logger.notice("The bus is back.")
                leases.reportAll()
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
            self.logger.warning("The edge's queue was deleted under it; it is made anew.")
        } regained: {
            self.logger.notice("The edge has its queue again.")
            self.leases.reportAll()
            self.methods.refreshPresence()
        }
    }

    private func consumeInbox(
        _ lost: @escaping @Sendable () -> Void
    ) async throws(MessageBusError) -> any BusConsumer {
        let exchanges = configuration.exchanges
        let (queue, key) = (requester.inbox, BindingPattern(address.key.text))
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
                host: configuration.sockets.host, port: configuration.ports.sharedPort, group: group,
                options: clientOptions, limits: accepting, logger: logger,
                authorise: { [bots, clients] request in bots.decide(request) ?? clients.decide(request) },
                accepted: { [bots, clients] connection, request in
                    if bots.decide(request) == nil {
                        clients.accept(connection, request)
                    } else {
                        bots.accept(connection, request)
                    }
                })
            ports.sharedPort.bound(server.port)
            return server
        } catch {
            throw WSEdgeError.cannotListen(
                ListenFailure(
                    error, host: configuration.sockets.host, port: configuration.ports.sharedPort,
                    hostSetting: "edge.host",
                    portSetting: "edge.shared_port"))
        }
    }

    /// Stops accepting, lets what is in flight be answered, closes every client (``CloseReason``); ends within
    /// `edge.drain_time`, however silent the clients.
    private func drain(_ server: WebSocketServer) async {
        logger.info("Draining.", metadata: [LogKeys.count: "\(hub.count)"])
        phase.withLock { $0 = .draining }
        let end = ContinuousClock.now + configuration.sockets.drainTime
        leases.drain()
        groups.leave()
        targets.drain()
        await server.close()
        await ports.closeAll()
        hub.enqueue(.onEverySession { $0.drain() })
        await hub.empty(until: end - configuration.sockets.drainTime / 4)
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
