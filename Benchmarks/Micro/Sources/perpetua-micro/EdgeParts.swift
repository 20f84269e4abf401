import Actions
import Bus
import Contracts
import Listening
import Logging
import NIOCore
import NIOPosix
import OneBot
import SettingsReading
import WebSocketTransport

@testable import WSEdge

/// An edge on one event loop, put together as ``WSEdgeService`` does it, with clients that have quiet sockets and a bot
/// without one. Everything from the inbox on is the real code.
///
/// `@unchecked Sendable`: made off the loop, then everything is touched on `eventLoop` only.
final class EdgeParts: @unchecked Sendable {  // confined to its event loop, as said above
    let eventLoop: any EventLoop
    let bus: InMemoryBus
    let configuration = WSEdgeConfiguration(Settings())
    let address = EdgeAddress(edgeID: "edge", instance: "0123456789ab")
    let requester: Requester
    let presence = PresenceView()
    let arrivals = Arrivals()
    let inbox: Inbox
    private let hub: Hub
    private let services: SessionServices
    private let bots: Bots
    private(set) var sessions: [ClientSession] = []

    static let exchanges = Exchanges()
    static let logger = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }

    /// - Parameter clients: how many clients there are, all of one bot.
    static func make(clients: Int) async throws -> EdgeParts {
        let parts = EdgeParts()
        for exchange in exchanges.all { try await parts.bus.declare(exchange) }
        try await parts.eventLoop.submit { parts.connect(clients) }.get()
        // Waits until every session is open, and so has its lifecycle event.
        let deadline = ContinuousClock.now + .seconds(10)
        while try await parts.eventLoop.submit({ !parts.sessions.allSatisfy(\.isOpen) }).get() {
            try check(ContinuousClock.now < deadline, "The clients' sessions do not open.")
        }
        try await parts.eventLoop.submit { parts.arrivals.settle() }.get()
        return parts
    }

    private init() {
        eventLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        bus = InMemoryBroker().connect()
        let (bus, exchanges) = (bus, Self.exchanges)
        let (configuration, address, presence) = (configuration, address, presence)
        let requester = Requester(
            bus: bus, inbox: exchanges.inbox(of: address), idPrefix: "r", appID: ServiceName.edge.rawValue)
        self.requester = requester
        let registry = RegistryClient(requester: requester, exchanges: exchanges)
        let tasks = BackgroundTasks(limit: .max)
        let metrics = EdgeMetrics()
        let leases = LeaseKeeper(
            address: address, exchanges: exchanges, bus: bus, eventLoop: eventLoop, logger: Self.logger)
        services = SessionServices(
            configuration: configuration.sessions,
            registration: Registration(
                registry: registry, address: address, leases: leases, tasks: tasks, logger: Self.logger),
            calls: BotCalls(bus: bus, actions: exchanges.actions, inbox: requester.inbox),
            dispatcher: ActionDispatcher(
                of: .edge, registry: registry, edges: EdgeClient(requester: requester, exchanges: exchanges),
                presence: presence, bus: bus, exchanges: exchanges,
                bots: BotActionCaller(
                    requester: requester, exchanges: exchanges, patience: configuration.bots.patience),
                spawn: { tasks.spawn($0) }),
            presence: presence, budget: OutboundBudget(limit: configuration.sessions.outbound.budget),
            metrics: metrics, logger: Self.logger)
        let hub = Hub(group: eventLoop, heartbeatInterval: configuration.sessions.heartbeatInterval, metrics: metrics)
        self.hub = hub
        let groups = Groups(presence: presence)
        let bots = Bots(
            configuration: configuration.bots, sockets: configuration.sockets, exchanges: exchanges, address: address,
            bus: bus, requester: requester, group: eventLoop, logger: Self.logger,
            stamp: { groups.stamp($1, of: $0) }, report: { _ in })
        self.bots = bots
        let accepting = AcceptLimits(served: 1_000, spare: 100, setting: "edge.max_connections", logger: Self.logger)
        let defaultBot = DefaultBot(presence: presence, hasConfigured: false)
        let listener = ClientListener(
            configuration: configuration.door, accepting: accepting, defaultBot: defaultBot, sessions: services,
            hub: hub)
        let announcer = ClientStatusAnnouncer(
            hub: hub, presence: presence, address: address, defaultBot: defaultBot,
            delay: configuration.clientStatusDelay, eventLoop: eventLoop
        ) { effect in
            requester.doubt(effect)
            bots.heard(of: effect.changedBots)
        }
        let ports = PortListeners(
            configuration: configuration.ports,
            sharedPort: SharedPort(
                host: configuration.sockets.host, port: 0, options: WebSocketOptions(), limits: accepting,
                group: eventLoop, logger: Self.logger, authorise: { listener.decide($0) },
                accepted: { listener.accept($0, $1) }),
            edgeID: configuration.edgeID, host: configuration.sockets.host,
            options: WebSocketOptions(), accepting: accepting, clients: listener, leases: leases, tasks: tasks,
            group: eventLoop, logger: Self.logger)
        inbox = Inbox(
            exchanges: exchanges, address: address, requester: requester, presence: presence, hub: hub,
            announcer: announcer,
            methods: EdgeMethods(
                bus: bus, registry: registry, presence: presence, leases: leases, tasks: tasks, hub: hub, ports: ports,
                bots: bots, announcer: announcer, logger: Self.logger),
            groups: GroupDelivery(
                groups: groups, address: address, bus: bus, handovers: exchanges.rpc, metrics: metrics,
                eventLoop: eventLoop
            ) { hub.enqueue(.tell(.grouped($0)), to: $0.owner.sessionID) },
            metrics: metrics, eventLoop: eventLoop, logger: Self.logger)
    }

    /// The bot as the registry publishes it.
    private var bot: OnlineBot {
        OnlineBot(
            selfID: Frames.bot, edge: address, epoch: 1, isOnline: true, configuredIndex: nil,
            isSupervised: false)
    }

    private func connect(_ clients: Int) {
        let shard = hub.shard(on: eventLoop)
        let change = PresenceChange(
            kind: .botOnline, registryEpoch: 1, sequence: 1, edge: address, bots: [bot])
        _ = presence.apply(change)
        hub.enqueue(.bot(bot, isDefault: true))
        var upgrade = ClientUpgrade()
        upgrade.binding = .bot(Frames.bot)
        for number in 1...clients {
            let claim = SessionClaim(
                sessionID: hub.nextSessionID(on: shard), role: .universal, transport: .websocket, selfID: Frames.bot,
                connectedAt: 1_700_000_000, remoteAddress: "192.0.2.1:5000")
            let session = ClientSession(
                connection: QuietConnection(eventLoop: eventLoop, arrivals: arrivals), upgrade: upgrade, claim: claim,
                home: shard.home, services: services, onEnded: {})
            sessions.append(session)
            shard.add(session)
            session.registered(.granted(SessionGrant(appID: "app-\(number)", clientToken: "token-\(number)")))
        }
    }
}
