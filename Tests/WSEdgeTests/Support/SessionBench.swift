import Actions
import Bus
import Contracts
import Logging
import NIOCore
import NIOPosix
import OneBot
import SettingsReading
import TestSupport
import WebSocketTransport

@testable import WSEdge

/// One client's session on its event loop, between a connection that a test plays and an in-memory bus. The session is
/// registered, and knows no bot.
final class SessionBench: Sendable {
    let broker = InMemoryBroker()
    let exchanges = Exchanges()
    let edge = EdgeAddress(edgeID: "e1", instance: "1")
    let registry: FakeRegistry
    let presence = PresenceView()
    private let tasks = BackgroundTasks()
    private let answers: BusResponder
    private let parts: NIOLoopBound<Parts>

    /// On the session's event loop.
    final class Parts {
        let session: ClientSession
        let connection: PlayedConnection
        let shard: HubShard

        init(_ session: ClientSession, _ connection: PlayedConnection, _ shard: HubShard) {
            (self.session, self.connection, self.shard) = (session, connection, shard)
        }
    }

    private init(_ upgrade: ClientUpgrade, outboundBytes: Int) async throws {
        registry = try await FakeRegistry(at: broker)
        let (bus, edge, exchanges) = (broker.connect(), edge, exchanges)
        for exchange in exchanges.all { try await bus.declare(exchange) }
        let requester = Requester(bus: bus, inbox: exchanges.inbox(of: edge), idPrefix: "r")
        answers = try await BusResponder(at: broker, queue: requester.inbox, bindings: []) { delivery in
            _ = requester.receive(delivery)
            return nil
        }
        var configuration = WSEdgeConfiguration(Settings()).sessions
        configuration.outbound.limits.bytes = outboundBytes
        let (registry, loop) = (
            RegistryClient(requester: requester, exchanges: exchanges), MultiThreadedEventLoopGroup.singleton.next()
        )
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let leases = LeaseKeeper(address: edge, exchanges: exchanges, bus: bus, eventLoop: loop, logger: logger)
        let services = SessionServices(
            configuration: configuration,
            registration: Registration(
                registry: registry, address: edge, leases: leases, tasks: tasks, logger: logger),
            calls: BotCalls(bus: bus, actions: exchanges.actions, inbox: requester.inbox),
            dispatcher: ActionDispatcher(
                of: .edge, registry: registry, edges: EdgeClient(requester: requester, exchanges: exchanges),
                presence: presence, bus: bus, exchanges: exchanges,
                bots: BotActionCaller(requester: requester, exchanges: exchanges, patience: configuration.patience),
                spawn: { [tasks] in tasks.spawn($0) }),
            presence: presence, budget: OutboundBudget(limit: configuration.outbound.budget),
            metrics: EdgeMetrics(), logger: logger)
        parts = try await loop.submit {
            let shard = HubShard(
                eventLoop: loop, heartbeatInterval: .zero, hasTargets: false, metrics: services.metrics)
            let connection = PlayedConnection(on: loop)
            let session = ClientSession(
                connection: connection, upgrade: upgrade,
                claim: SessionClaim(
                    sessionID: 1, role: upgrade.role, transport: .websocket, selfID: nil, connectedAt: 0,
                    remoteAddress: "test"), home: shard.home, services: services, onEnded: {})
            shard.add(session)
            session.registered(.granted(SessionGrant(appID: "a", clientToken: "t")))
            session.renamed(Client(appID: "a", clientName: nil))
            return NIOLoopBound(Parts(session, connection, shard), eventLoop: loop)
        }.get()
    }

    static func run(
        _ upgrade: ClientUpgrade = ClientUpgrade(), outboundBytes: Int = 1 << 20,
        _ body: (SessionBench) async throws -> Void
    ) async throws {
        let bench = try await SessionBench(upgrade, outboundBytes: outboundBytes)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [tasks = bench.tasks] in await tasks.run() }
            try await body(bench)
            group.cancelAll()
        }
    }

    @discardableResult
    func onLoop<Result: Sendable>(_ body: @escaping @Sendable (Parts) -> Result) async throws -> Result {
        try await parts.eventLoop.submit { [parts] in body(parts.value) }.get()
    }

    /// The client sends frames, one after another.
    func receive(_ frames: String...) async throws {
        try await onLoop { parts in for frame in frames { parts.session.received(text: ByteBuffer(string: frame)) } }
    }

    /// The texts the client was sent.
    var sent: [String] { get async throws { try await onLoop { $0.connection.texts } } }

    /// The holder of the links of those bots, which gets their actions in the order they were published.
    func bots(_ bots: Int64...) async throws -> BusResponder {
        try await BusResponder(
            at: broker, queue: "bots",
            bindings: bots.map { (exchanges.actions, BindingPattern(Exchanges.actionKey(SelfID($0)).text)) })
    }
}

/// A connection that takes what it is sent, and is writable or not, as a test says. On one event loop.
final class PlayedConnection: ClientConnection {
    let eventLoop: any EventLoop
    let remoteAddress = "test"
    var isWritable = true
    private(set) var texts: [String] = []
    private(set) var closing: CloseReason?

    init(on eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func send(_ frames: ByteBuffer, as kind: OutgoingKind) {
        texts += WebSocketConnection.texts(inEncoded: frames).map { String(buffer: $0) }
    }

    func flush() {}
    func pauseReading() {}
    func resumeReading() {}
    func close(_ reason: CloseReason) { closing = closing ?? reason }
    func abort() {}
}
