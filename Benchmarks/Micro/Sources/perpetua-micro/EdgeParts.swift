import Actions
import Bus
import Contracts
import Logging
import NIOCore
import NIOPosix
import OneBot
import SettingsReading

@testable import WSEdge

/// An edge on one event loop, put together as ``WSEdgeService`` does it, with clients that have quiet sockets and a bot without one.
/// What comes to the inbox and goes on from there is the real thing.
///
/// `@unchecked Sendable`: made off the loop, then everything is touched on `eventLoop` only.
final class EdgeParts: @unchecked Sendable {  // confined to its event loop, as said above
    let eventLoop: any EventLoop
    let bus: InMemoryBus
    let context: EdgeContext
    let arrivals = Arrivals()
    let inbox: Inbox
    private let hub: Hub
    private let bots: Bots
    private(set) var sessions: [ClientSession] = []

    static let exchanges = Exchanges()
    static let logger = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }

    /// - Parameter clients: how many there are, all of the one bot.
    static func make(clients: Int) async throws -> EdgeParts {
        let parts = EdgeParts()
        for exchange in exchanges.all { try await parts.bus.declare(exchange) }
        try await parts.eventLoop.submit { parts.connect(clients) }.get()
        // Whatever follows from that is done, and everybody has got the lifecycle.
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
        let configuration = WSEdgeConfiguration(Settings())
        let address = EdgeAddress(edgeID: "edge", instance: "0123456789ab")
        let requester = Requester(
            bus: bus, inbox: exchanges.inbox(of: address), idPrefix: "r", appID: ServiceName.edge.rawValue)
        let registry = RegistryClient(requester: requester, exchanges: exchanges)
        let presence = PresenceView()
        let tasks = BackgroundTasks(limit: .max)
        let metrics = EdgeMetrics()
        let dispatcher = ActionDispatcher(
            of: .edge, registry: registry, edges: EdgeClient(requester: requester, exchanges: exchanges),
            presence: presence, bus: bus, exchanges: exchanges,
            bots: BotActionCaller(requester: requester, exchanges: exchanges, patience: configuration.patience),
            spawn: { tasks.spawn($0) })
        context = EdgeContext(
            configuration: configuration, address: address, bus: bus, requester: requester, registry: registry,
            presence: presence, dispatcher: dispatcher,
            leases: LeaseKeeper(
                address: address, exchanges: exchanges, bus: bus, eventLoop: eventLoop, logger: Self.logger),
            tasks: tasks, metrics: metrics, logger: Self.logger)
        hub = Hub(group: eventLoop, heartbeatInterval: configuration.heartbeatInterval, metrics: metrics)
        let groups = Groups(presence: presence)
        bots = Bots(
            configuration: configuration, address: address, bus: bus, requester: requester, group: eventLoop,
            logger: Self.logger, stamp: { groups.stamp($1, of: $0) }, report: { _ in })
        let listener = ClientListener(context: context, hub: hub)
        let targets = Targets(context: context, hub: hub, clients: listener, group: eventLoop)
        let announcer = ClientStatusAnnouncer(
            hub: hub, context: context, bots: bots, targets: targets, eventLoop: eventLoop)
        let ports = PortListeners(context: context, clients: listener, group: eventLoop)
        inbox = Inbox(
            context: context, hub: hub, announcer: announcer,
            methods: EdgeMethods(context: context, hub: hub, ports: ports, bots: bots, announcer: announcer),
            groups: GroupDelivery(groups: groups, context: context, hub: hub, eventLoop: eventLoop),
            eventLoop: eventLoop)
    }

    /// The bot as the registry speaks of it.
    private var bot: OnlineBot {
        OnlineBot(
            selfID: Frames.bot, edge: context.address, epoch: 1, isOnline: true, configuredIndex: nil,
            isSupervised: false)
    }

    private func connect(_ clients: Int) {
        let shard = hub.shard(on: eventLoop)
        let change = PresenceChange(
            kind: .botOnline, registryEpoch: 1, sequence: 1, edge: context.address, bots: [bot])
        _ = context.presence.apply(change)
        hub.enqueue(.bot(bot, isDefault: true))
        var upgrade = ClientUpgrade()
        upgrade.binding = .bot(Frames.bot)
        for number in 1...clients {
            let claim = SessionClaim(
                sessionID: hub.nextSessionID(on: shard), role: .universal, transport: .websocket, selfID: Frames.bot,
                connectedAt: 1_700_000_000, remoteAddress: "192.0.2.1:5000")
            let session = ClientSession(
                connection: QuietConnection(eventLoop: eventLoop, arrivals: arrivals), upgrade: upgrade, claim: claim,
                shard: shard, context: context, onEnded: {})
            sessions.append(session)
            shard.add(session)
            session.registered(.granted(SessionGrant(appID: "app-\(number)", clientToken: "token-\(number)")))
        }
    }
}
