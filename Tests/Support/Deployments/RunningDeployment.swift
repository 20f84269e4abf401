import APIGateway
public import Bus
import Foundation
import Logging
import NIOCore
import NIOPosix
import Registry
import ServiceLifecycle
import SettingsReading
import Synchronization
import WSEdge

/// The three services as separate processes would run them: each has its own connection to the broker, and there are
/// several edges.
public struct RunningDeployment: Sendable {
    public struct Edge: Sendable {
        /// Its shared port's address, without a path.
        public let ws: String
        public let bus: InMemoryBus
    }

    /// `e0`, `e1`, …
    public let edges: [Edge]
    /// The gateway's address.
    public let http: String
    public let registryBus: InMemoryBus
    public let gatewayBus: InMemoryBus
}

/// Runs `body` with a deployment of its own, and shuts it down in good order afterwards.
/// - Parameters:
///   - yaml: settings of every service beyond ports and the database.
///   - edges: the bots that each edge has in its settings.
/// - Throws: what `body` throws, or what ended a service.
public func withDeployment<Result: Sendable>(
    _ yaml: String = "", edges bots: [[String]], isolation: isolated (any Actor)? = #isolation,
    _ body: @Sendable (RunningDeployment) async throws -> Result
) async throws -> Result {
    let logger = Logger(label: "perpetua", factory: { _ in SwiftLogNoOpLogHandler() })
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let broker = InMemoryBroker()
    let ports = Mutex<[String: Int]>([:])
    func settings(edge: Int) -> Settings {
        var flags = [
            (key: "edge.id", value: "e\(edge)"), (key: "edge.shared_port", value: "0"), (key: "api.port", value: "0"),
            (key: "registry.database", value: ":memory:"),
        ]
        if !yaml.contains("client_status_delay") { flags.append((key: "client_status_delay", value: "0")) }
        for (index, url) in bots[edge].enumerated() { flags.append((key: "bots[\(index)].url", value: url)) }
        return Settings(file: (name: "test.yaml", yaml: yaml), flags: flags)
    }
    let (registryBus, gatewayBus) = (broker.connect(), broker.connect())
    let edgeBuses = bots.map { _ in broker.connect() }
    let shared = settings(edge: 0)
    var services: [any Service] = [
        RegistryService(configuration: .init(shared), bus: registryBus, eventLoop: group.next(), logger: logger)
    ]
    for (index, bus) in edgeBuses.enumerated() {
        services.append(
            WSEdgeService(
                configuration: .init(settings(edge: index)), bus: bus, eventLoopGroup: group, logger: logger,
                onListening: { port in ports.withLock { $0["e\(index)"] = port } }))
    }
    services.append(
        APIGatewayService(
            configuration: .init(shared), bus: gatewayBus, eventLoopGroup: group, logger: logger,
            onBound: { port in ports.withLock { $0["http"] = port } }))
    let all = ServiceGroup(services: services, logger: logger)
    let running = Task { try await all.run() }
    let outcome: Swift.Result<Result, any Error>
    do {
        let bound = try await eventually(within: .seconds(20), "every service listens") {
            ports.withLock { $0 }
        } until: {
            $0.count == bots.count + 1
        }
        let deployment = RunningDeployment(
            edges: edgeBuses.enumerated().map { index, bus in
                .init(ws: "ws://127.0.0.1:\(bound["e\(index)"] ?? 0)", bus: bus)
            }, http: "http://127.0.0.1:\(bound["http"] ?? 0)", registryBus: registryBus, gatewayBus: gatewayBus)
        try await eventually(within: .seconds(20), "every edge is up") {
            try await FakeHTTP.get(deployment.http + "/health/ready")
        } until: {
            $0.status == 200
        }
        outcome = .success(try await body(deployment))
    } catch {
        outcome = .failure(error)
    }
    await all.triggerGracefulShutdown()
    let ended = await running.result
    for bus in edgeBuses + [registryBus, gatewayBus] { await bus.close() }
    try await group.shutdownGracefully()
    let result = try outcome.get()
    try ended.get()
    return result
}
