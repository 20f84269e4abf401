import Foundation
import TestSupport
import Testing

/// The services as processes of their own around one broker, as an operator runs them.
struct Deployment: Sendable {
    /// What is started, and how.
    struct Plan: Sendable {
        var registries = 1
        var edges = 2
        var gateways = 1
        /// Addresses of bots, dialled by whichever edge holds the claim.
        var bots: [String] = []
        /// Flags for every process, as `["--client_status", "none"]`.
        var settings: [String] = []
        /// Other addresses of the broker, such as a proxy's, for some processes, by their names (`e1`, `registry1`,
        /// `gateway1`).
        var brokers: [String: String] = [:]
        /// Separates deployments that share a broker.
        var prefix = RabbitMQ.freshPrefix()
    }

    let registries: [DeployedService]
    let edges: [DeployedService]
    let gateways: [DeployedService]
    var all: [DeployedService] { registries + edges + gateways }

    /// Starts every process at once, in no order.
    fileprivate init(_ plan: Plan, broker: String, in folder: URL) throws {
        var ports = try FreePorts.range(of: 2 * (plan.registries + plan.edges + plan.gateways)).makeIterator()
        func services(
            _ count: Int, named prefix: String, _ product: String, hasAPI: Bool = false,
            _ flags: (_ name: String, _ port: Int) -> [String]
        ) throws -> [DeployedService] {
            try (0..<count).map { index in
                let name = "\(prefix)\(index + 1)"
                let (next, afterwards) = (ports.next(), ports.next())
                let port = try #require(next)
                let healthPort = try #require(afterwards)
                let common = [
                    "--bus", "amqp", "--amqp.url", plan.brokers[name] ?? broker, "--amqp.prefix", plan.prefix,
                ]
                let health = hasAPI ? [] : ["--health.host", "127.0.0.1", "--health.port", "\(healthPort)"]
                return DeployedService(
                    name: name, port: port, health: "http://127.0.0.1:\(hasAPI ? port : healthPort)",
                    program: try RunningProgram(
                        product, in: folder, common + health + flags(name, port) + plan.settings))
            }
        }
        // All registries share one file: a standby takes over what the first one has written.
        registries = try services(plan.registries, named: "registry", "registry") { _, _ in
            ["--registry.database", "registry.sqlite"]
        }
        edges = try services(plan.edges, named: "e", "ws-edge") { name, port in
            ["--edge.id", name, "--edge.shared_port", "\(port)"]
                + plan.bots.enumerated().flatMap { ["--bots[\($0)].url", $1] }
        }
        gateways = try services(plan.gateways, named: "gateway", "api-gateway", hasAPI: true) {
            ["--api.port", "\($1)"]
        }
    }

    /// What every process printed last; for tests that fail.
    var lastWords: String {
        all.map { service in
            let lines = service.program.printed.split(separator: "\n").suffix(30).joined(separator: "\n")
            return "── \(service.name) ──\n\(lines)"
        }.joined(separator: "\n")
    }
}

/// One process of a deployment.
struct DeployedService: Sendable {
    /// `e1`, `registry1`, `gateway1`, …; an edge's is its `edge.id`.
    let name: String
    /// The edge's shared port, or the gateway's.
    fileprivate let port: Int
    /// `http://127.0.0.1:PORT` of `/health` and `/metrics`.
    let health: String
    let program: RunningProgram

    /// The address of an edge.
    var ws: String { "ws://127.0.0.1:\(port)" }
    /// The address of a gateway.
    var http: String { "http://127.0.0.1:\(port)" }

    func waitUntilReady() async throws { try await program.waitUntilReady(at: health, within: .seconds(60)) }

    /// `kill -9`.
    func kill() async throws { try await program.kill() }

    /// Starts it again as before, and waits until it is ready.
    func start() async throws {
        try program.start()
        try await waitUntilReady()
    }

    /// Sends SIGTERM, and waits for its end.
    /// - Returns: its exit code.
    func stop() async throws -> Int32 {
        program.terminate()
        return try await program.exitCode()
    }
}

/// Runs `body` with a deployment of its own, and ends its processes afterwards, whatever happens. What they printed
/// last is shown if `body` throws.
func withDeployment(
    on broker: String, _ plan: Deployment.Plan = Deployment.Plan(), _ body: (Deployment) async throws -> Void
) async throws {
    try await withFolder { folder in
        let deployment = try Deployment(plan, broker: broker, in: folder)
        do {
            for service in deployment.all { try await service.waitUntilReady() }
            try await body(deployment)
        } catch {
            throw DeploymentFailure(error: error, lastWords: deployment.lastWords)
        }
        for service in deployment.all.reversed() where service.program.isRunning {
            let code = try await service.stop()
            #expect(code == 0, "\(service.name) ended with \(code).\n\(deployment.lastWords)")
        }
    }
}

/// What went wrong in a deployment, with the last output of its processes.
struct DeploymentFailure: Error, CustomStringConvertible {
    let error: any Error
    let lastWords: String
    var description: String { "\(error)\n\(lastWords)" }
}
