import APIGateway
import Bus
public import Contracts
import Foundation
import Logging
import NIOCore
import NIOPosix
import Registry
import ServiceLifecycle
import SettingsReading
import Synchronization
import WSEdge

/// The three services in one process, on ports of the system's choice, as `perpetua` runs them.
public struct RunningPerpetua: Sendable {
    /// The shared port's address, without a path: `ws://127.0.0.1:PORT`.
    public let ws: String
    /// The gateway's: `http://127.0.0.1:PORT`.
    public let http: String
    /// The broker of its bus, to which any program may connect.
    public let broker: any TestBroker
    /// The exchanges it uses.
    public let exchanges: Exchanges
    fileprivate let services: ServiceGroup

    /// Begins a graceful shutdown, as SIGTERM does; ``withPerpetua(_:bots:_:)`` waits for its end.
    public func shutDown() async { await services.triggerGracefulShutdown() }
}

/// Runs `body` with a Perpetua of its own, and shuts it down in good order afterwards.
/// - Parameters:
///   - yaml: settings beyond ports and the database, which are the test's own.
///   - bots: addresses of bots to dial.
/// - Throws: what `body` throws, or what ended a service.
public func withPerpetua<Result: Sendable>(
    _ yaml: String = "", bots: [String] = [], database: String = ":memory:",
    isolation: isolated (any Actor)? = #isolation,
    _ body: @Sendable (RunningPerpetua) async throws -> Result
) async throws -> Result {
    let prefix = RabbitMQ.freshPrefix()
    var flags = [
        (key: "edge.shared_port", value: "0"), (key: "api.port", value: "0"),
        (key: "registry.database", value: database), (key: "amqp.prefix", value: prefix),
    ]
    // client_status is sent at once, so that tests with another subject need not wait a second for it.
    if !yaml.contains("client_status_delay") { flags.append((key: "client_status_delay", value: "0")) }
    for (index, url) in bots.enumerated() { flags.append((key: "bots[\(index)].url", value: url)) }
    let settings = Settings(file: (name: "test.yaml", yaml: yaml), flags: flags)
    var logger = Logger(label: "perpetua") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel =
        ProcessInfo.processInfo.environment["PERPETUA_TEST_LOG"].flatMap { Logger.Level(rawValue: $0) } ?? .critical
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let ports = BoundPorts()
    let broker = try brokerOfThisRun()
    let bus = try await broker.newConnection()
    let registry = RegistryService(
        configuration: .init(settings), bus: bus, eventLoop: group.next(), logger: logger)
    let edge = WSEdgeService(
        configuration: .init(settings), bus: bus, eventLoopGroup: group, logger: logger,
        onListening: { ports.edge($0) })
    let gateway = APIGatewayService(
        configuration: .init(settings), bus: bus, eventLoopGroup: group, logger: logger,
        checks: [registry.health, edge.health], onBound: { ports.gateway($0) })
    // A key that nobody reads is a mistake in the test.
    if let problem = settings.problems.first { throw problem }
    let services = ServiceGroup(services: [registry, edge, gateway], logger: logger)
    let outcome: Swift.Result<Result, any Error> = await withTaskGroup(of: Swift.Result<Void, any Error>.self) {
        tasks in
        tasks.addTask {
            do {
                try await services.run()
                return .success(())
            } catch {
                ports.fail(error)
                return .failure(error)
            }
        }
        var outcome: Swift.Result<Result, any Error>
        do {
            let (edge, gateway) = try await ports.both()
            let running = RunningPerpetua(
                ws: "ws://127.0.0.1:\(edge)", http: "http://127.0.0.1:\(gateway)", broker: broker,
                exchanges: Exchanges(prefix: prefix), services: services)
            try await eventually(within: .seconds(20), "Perpetua is ready") {
                try await FakeHTTP.get(running.http + "/health/ready")
            } until: {
                $0.status == 200
            }
            outcome = .success(try await body(running))
        } catch {
            outcome = .failure(error)
        }
        await services.triggerGracefulShutdown()
        for await ended in tasks {
            if case .failure(let error) = ended, case .success = outcome { outcome = .failure(error) }
        }
        return outcome
    }
    await bus.close()
    try await group.shutdownGracefully()
    return try outcome.get()
}

/// The ports both listeners got.
private final class BoundPorts: Sendable {
    private struct State {
        var edge: Int?
        var gateway: Int?
        var failure: (any Error)?
    }

    private let state = Mutex(State())

    func edge(_ port: Int) { state.withLock { $0.edge = port } }
    func gateway(_ port: Int) { state.withLock { $0.gateway = port } }
    func fail(_ error: any Error) { state.withLock { $0.failure = error } }

    func both() async throws -> (edge: Int, gateway: Int) {
        let state = try await eventually(within: .seconds(20), "both services listen") {
            self.state.withLock { $0 }
        } until: {
            $0.failure != nil || ($0.edge != nil && $0.gateway != nil)
        }
        if let failure = state.failure { throw failure }
        guard let edge = state.edge, let gateway = state.gateway else { throw CancellationError() }
        return (edge, gateway)
    }
}

extension Settings.Problem: Error {}
