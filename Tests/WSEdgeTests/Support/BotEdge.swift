import Bus
import Contracts
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import OneBot
import SettingsReading
import Synchronization
import TestSupport
import Testing
import WebSocketTransport

@testable import WSEdge

/// The bots' side of one running edge, on a broker it may share with others.
final class BotEdge: Sendable {
    let bots: Bots
    let log = BotLog()
    /// Its connection to the broker.
    let bus: InMemoryBus
    private let reports: Reports
    private let server: WebSocketServer
    private let running: Task<Void, Never>

    private final class Reports: Sendable {
        let all = Mutex<[OnlineBot]>([])
    }

    init(
        _ edgeID: String, _ flags: [(key: String, value: String)] = [], on broker: InMemoryBroker,
        timing: BotTiming = BotBench.quick
    ) async throws {
        let settings = Settings(flags: flags)
        let configuration = WSEdgeConfiguration(settings)
        let problems = settings.problems
        #expect(problems.isEmpty)
        let bus = broker.connect()
        self.bus = bus
        let address = EdgeAddress(edgeID: edgeID, instance: "1")
        let requester = Requester(bus: bus, inbox: configuration.exchanges.inbox(of: address), idPrefix: "r")
        for exchange in configuration.exchanges.all { try await bus.declare(exchange) }
        try await bus.declare(QueueDeclaration(requester.inbox))
        _ = try await bus.consume(
            requester.inbox, prefetch: 100, on: MultiThreadedEventLoopGroup.singleton.next(), cancelled: {},
            handler: { delivery in
                _ = requester.receive(delivery)
                delivery.acknowledge()
            })
        let reports = Reports()
        self.reports = reports
        let bots = Bots(
            configuration: configuration.bots, sockets: configuration.sockets, exchanges: configuration.exchanges,
            address: address, bus: bus, requester: requester, group: MultiThreadedEventLoopGroup.singleton,
            logger: log.logger, timing: timing
        ) { bot in reports.all.withLock { $0.append(bot) } }
        self.bots = bots
        server = try await WebSocketServer.bind(
            host: "127.0.0.1", port: 0, group: MultiThreadedEventLoopGroup.singleton,
            options: configuration.sockets.botOptions,
            logger: log.logger,
            authorise: { bots.decide($0) ?? .reject(status: .notFound, body: "{}") },
            accepted: { bots.accept($0, $1) })
        running = Task { await bots.run() }
    }

    /// Stops it in good order.
    func stop() async {
        running.cancel()
        await running.value
        await server.close()
        await bus.close()
    }

    /// A bot dials in at `/bot`.
    func dialIn(selfID: Int64? = nil, role: String? = nil, token: String? = nil) async throws -> BotPeer {
        try await BotPeer.dial(
            "ws://127.0.0.1:\(server.port)/bot",
            headers: .init(
                [("X-Self-ID", selfID.map { "\($0)" }), ("X-Client-Role", role), ("Authorization", token)]
                    .compactMap { name, value in value.map { (name, $0) } }))
    }

    var reported: [OnlineBot] { reports.all.withLock { $0 } }

    func bot(_ number: Int64) -> OnlineBot? { bots.known.first { $0.selfID == SelfID(number) } }

    func untilOnline(_ number: Int64) async throws {
        try await eventually("bot \(number) is online", read: { self.bot(number) }, until: { $0?.isOnline == true })
    }

    func untilOffline(_ number: Int64) async throws {
        try await eventually("bot \(number) is offline", read: { self.bot(number) }, until: { $0?.isOnline == false })
    }

    func hasLogged(_ words: String) -> Bool { log.entries.contains { $0.message.contains(words) } }
}
