import Actions
import Bus
import Contracts
import Listening
import Logging
import Metrics
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// Makes the parts of an edge, each with the few things it needs. A new part is made here, and has its place in
/// ``parts``.
struct EdgeAssembly: Sendable {
    /// In the order in which they are drained.
    let parts: [EdgePart]
    let inbox: Inbox
    let queue: InboxQueue
    let port: SharedPort
    let hub: Hub
    let leases: LeaseKeeper
    let accepting: AcceptLimits
    /// Tells the registry everything again, and asks it for everything: what was said while the bus was away may be
    /// lost, both ways.
    let sayAllAgain: @Sendable () -> Void

    /// - Parameters:
    ///   - inbound: the process's budget for messages that arrive; `nil`: this edge has one of its own.
    ///   - eventLoop: the inbox's.
    init(
        configuration: WSEdgeConfiguration, address: EdgeAddress, bus: any MessageBus, group: any EventLoopGroup,
        on eventLoop: any EventLoop, inbound: InboundBudget?, logger: Logger
    ) {
        let exchanges = configuration.exchanges
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
            address: address, exchanges: exchanges, bus: bus, eventLoop: eventLoop, logger: logger)
        var dispatcher = ActionDispatcher(
            of: .edge, registry: registry, edges: EdgeClient(requester: requester, exchanges: exchanges),
            presence: presence, bus: bus, exchanges: exchanges,
            bots: BotActionCaller(requester: requester, exchanges: exchanges, patience: configuration.bots.patience),
            spawn: { tasks.spawn($0) })
        dispatcher.onlineClientsShape = configuration.onlineClientsShape
        dispatcher.logger = logger
        let accepting = AcceptLimits(
            served: configuration.connections.served, spare: configuration.connections.spare,
            setting: "edge.max_connections", logger: logger)
        let clientOptions = configuration.sockets.clientOptions(inbound)
        let hub = Hub(
            group: group, heartbeatInterval: configuration.sessions.heartbeatInterval,
            hasTargets: configuration.targets.count > 0, metrics: metrics)
        let groups = Groups(presence: presence)
        let bots = Bots(
            configuration: configuration.bots, sockets: configuration.sockets, exchanges: exchanges, address: address,
            bus: bus, requester: requester, group: group, logger: logger, inbound: inbound,
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
        let clients = ClientListener(
            configuration: configuration.door, accepting: accepting, defaultBot: defaultBot, sessions: sessions,
            hub: hub)
        let door = TargetDoor(hub: hub, clients: clients, registry: registry, tasks: tasks, logger: logger)
        let reverse = ReverseWebSockets(door: door, options: clientOptions, metrics: metrics, group: group)
        let webhooks = Webhooks(
            door: door, maxBytes: configuration.sessions.outbound.limits.bytes, budget: outbound,
            group: group)
        let targets = Targets(
            configuration.targets.reverseWebSockets.map { reverse.target($0) }
                + configuration.targets.webhooks.map { webhooks.target($0) },
            door: door, presence: presence, accounts: configuration.bots.accounts,
            claims: EntryClaims(exchanges: exchanges, address: address, bus: bus, requester: requester),
            group: group)
        let port = SharedPort(
            host: configuration.sockets.host, port: configuration.ports.sharedPort, options: clientOptions,
            limits: accepting, group: group, logger: logger,
            authorise: { request in bots.decide(request) ?? clients.decide(request) },
            accepted: { connection, request in
                if bots.decide(request) == nil {
                    clients.accept(connection, request)
                } else {
                    bots.accept(connection, request)
                }
            })
        let ports = PortListeners(
            configuration: configuration.ports, sharedPort: port, edgeID: configuration.edgeID,
            host: configuration.sockets.host,
            options: clientOptions, accepting: accepting, clients: clients, leases: leases, tasks: tasks,
            group: group, logger: logger)
        let announcer = ClientStatusAnnouncer(
            hub: hub, presence: presence, address: address, defaultBot: defaultBot,
            delay: configuration.clientStatusDelay, eventLoop: eventLoop
        ) { effect in
            requester.doubt(effect)
            guard !effect.changedBots.isEmpty else { return }
            bots.heard(of: effect.changedBots)
            targets.heard()
        }
        let methods = EdgeMethods(
            bus: bus, registry: registry, presence: presence, leases: leases, tasks: tasks, hub: hub, ports: ports,
            bots: bots, announcer: announcer, logger: logger)
        let delivery = GroupDelivery(
            groups: groups, address: address, bus: bus, handovers: exchanges.rpc, metrics: metrics,
            eventLoop: eventLoop
        ) { hub.enqueue(.tell(.grouped($0)), to: $0.owner.sessionID) }
        let inbox = Inbox(
            exchanges: exchanges, address: address, requester: requester, presence: presence, hub: hub,
            announcer: announcer, methods: methods, groups: delivery, metrics: metrics, eventLoop: eventLoop,
            logger: logger)
        let sayAllAgain: @Sendable () -> Void = {
            leases.reportAll()
            methods.refreshPresence()
        }
        let queue = InboxQueue(
            requester: requester, exchanges: exchanges, address: address, bus: bus, eventLoop: eventLoop,
            logger: logger,
            receive: { inbox.receive($0) }, regained: sayAllAgain)
        (self.inbox, self.queue, self.port, self.sayAllAgain) = (inbox, queue, port, sayAllAgain)
        (self.hub, self.leases, self.accepting) = (hub, leases, accepting)
        parts = [
            EdgePart(run: { await tasks.run() }),
            .registry(leases, presence, address, refresh: { methods.refreshPresence() }),
            EdgePart(drain: { _ in delivery.leave() }),
            EdgePart(run: { await targets.run() }, drain: { _ in targets.drain() }),
            EdgePart(drain: { _ in await port.close() }),
            EdgePart(drain: { _ in await ports.closeAll() }, impairment: { accepting.impairment }),
            .sessions(hub, outbound, inbound, metrics, drainTime: configuration.sockets.drainTime),
            .bots(bots, presence),
            EdgePart(run: { await queue.keep() }),
            EdgePart(drain: { _ in await delivery.lastEvents() }),
        ]
    }
}

extension EdgePart {
    /// How the registry sees this edge.
    fileprivate static func registry(
        _ leases: LeaseKeeper, _ presence: PresenceView, _ address: EdgeAddress, refresh: @escaping @Sendable () -> Void
    ) -> EdgePart {
        EdgePart(
            run: {
                refresh()
                await leases.run()
            }, drain: { _ in leases.drain() },
            impairment: {
                let known = presence.current
                guard known.isComplete else {
                    return Impairment(.degraded, "The edge has not heard from the registry yet who is online.")
                }
                if known.edges.contains(address) { return nil }
                return Impairment(
                    .unavailable,
                    "The registry does not count this edge. If that lasts, another process has run under its edge.id "
                        + "(\(address.edgeID)): give each its own, and start this one again.")
            })
    }

    /// Bots that do not answer their actions, and those that are connected and do not make themselves known.
    fileprivate static func bots(_ bots: Bots, _ presence: PresenceView) -> EdgePart {
        EdgePart(
            run: {
                // Whoever decides which member of a group gets an event has to know who there is.
                await presence.complete(within: .seconds(2))
                await bots.run()
            },
            impairment: {
                let silent = bots.silent
                let names =
                    silent.prefix(5).map(\.description).joined(separator: ", ") + (silent.count > 5 ? ", …" : "")
                let unanswering =
                    silent.isEmpty
                    ? [] : ["No answer to actions comes from bot \(names): they fail at once until it answers again."]
                let reasons = unanswering + bots.troubles.prefix(5)
                return reasons.isEmpty ? nil : Impairment(.ailing, reasons.joined(separator: " "))
            }, measure: { bots.measure(at: .now()) })
    }

    /// Lets what is in flight be answered, closes every client (``CloseReason``).
    fileprivate static func sessions(
        _ hub: Hub, _ outbound: OutboundBudget, _ inbound: InboundBudget, _ metrics: EdgeMetrics, drainTime: Duration
    ) -> EdgePart {
        EdgePart(
            drain: { end in
                hub.enqueue(.onEverySession { $0.drain() })
                await hub.empty(until: end - drainTime / 4)
                hub.enqueue(.onEverySession { $0.endNow() })
                await hub.empty(until: end)
                hub.enqueue(.onEverySession { $0.abort() })
                await hub.empty(until: .now + .seconds(1))
            },
            measure: {
                metrics.hubBacklog.set(hub.totalBacklogBytes)
                metrics.outbound.set(outbound.bytes)
                metrics.inbound.set(inbound.bytes)
            })
    }
}

/// One part of an edge as ``WSEdgeService`` has it: what it does while the edge runs and when it stops, and what is
/// wrong with it.
struct EdgePart: Sendable {
    /// Runs from when the edge listens until it is cancelled.
    var run: (@Sendable () async -> Void)?
    /// The edge stops: called once, in the order of the list. What takes longer than `end` is left behind.
    var drain: (@Sendable (_ end: ContinuousClock.Instant) async -> Void)?
    /// For health checks.
    var impairment: (@Sendable () -> Impairment?)?
    /// Sets the gauges of what is not counted as it happens; once a second, on the inbox's event loop.
    var measure: (@Sendable () -> Void)?
}
