import Bus
import Contracts
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Observability
import OneBot
import ServiceLifecycle
import SettingsReading
import Synchronization
import TestSupport

@testable import APIGateway

/// A gateway on a port chosen by the system, with a registry and an edge that a test scripts.
struct GatewayHarness: Sendable {
    let broker: InMemoryBroker
    let registry: FakeRegistry
    let edge = EdgeAddress(edgeID: "e1", instance: "1")
    let edgeInbox: BusResponder
    let port: Int
    /// Begins the gateway's graceful shutdown.
    let stop: @Sendable () async -> Void

    var url: String { "http://127.0.0.1:\(port)" }

    /// Runs a gateway for as long as `body` takes.
    /// - Parameter settings: keys as flags have them.
    static func run(
        _ settings: [(key: String, value: String)] = [], clients: [OnlineClient] = [], bots: [Int64] = [10001],
        checks: [HealthCheck] = [], metrics: MetricsPage? = nil,
        _ body: (GatewayHarness) async throws -> Void
    ) async throws {
        let broker = InMemoryBroker()
        let registry = try await FakeRegistry(at: broker)
        let edge = EdgeAddress(edgeID: "e1", instance: "1")
        registry.snapshot = PresenceSnapshot(
            registryEpoch: 1, sequence: 1, edges: [edge], clients: clients, bots: bots.map { .fixture($0, at: edge) })
        let configuration = APIGatewayConfiguration(Settings(flags: [("api.port", "0")] + settings))
        let (ports, bound) = AsyncStream.makeStream(of: Int.self)
        let service = APIGatewayService(
            configuration: configuration, bus: broker.connect(), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), checks: checks,
            metrics: metrics,
            onBound: { bound.yield($0) })
        let edgeInbox = try await BusResponder.edge(edge, at: broker)
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { bound.finish() }
                try await services.run()
            }
            guard let port = await ports.first(where: { _ in true }) else {
                try await group.next()
                return
            }
            let harness = GatewayHarness(
                broker: broker, registry: registry, edgeInbox: edgeInbox, port: port,
                stop: { await services.triggerGracefulShutdown() })
            try await eventually("the gateway knows who is online") { service.readiness() == nil }
            try await body(harness)
            group.cancelAll()
        }
    }

    func get(_ path: String, headers: HTTPHeaders = [:]) async throws -> FakeHTTP.Answer {
        try await FakeHTTP.get(url + path, headers: headers)
    }

    func post(_ path: String, _ json: String, headers: HTTPHeaders = [:]) async throws -> FakeHTTP.Answer {
        try await FakeHTTP.post(url + path, json: json, headers: headers)
    }

    func form(_ path: String, _ body: String, headers: HTTPHeaders = [:]) async throws -> FakeHTTP.Answer {
        var headers = headers
        headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        return try await FakeHTTP.request(.POST, url + path, headers: headers, body: body)
    }

    /// The edge answers `perform` with that response.
    func performs(_ response: Response) {
        let text = String(buffer: response.encoded(echo: nil))
        edgeInbox.answer { _ in try? RPC.encodeResult(EdgeAPI.Performed(response: text)) }
    }

    /// What the edge was asked to perform.
    func performed() throws -> [EdgeAPI.Perform] {
        try edgeInbox.deliveries.map { try RPC.decodeParams(EdgeAPI.Perform.self, from: $0.body) }
    }
}
