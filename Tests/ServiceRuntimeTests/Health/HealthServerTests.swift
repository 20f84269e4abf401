import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Observability
import SettingsReading
import Synchronization
import TestSupport
import Testing

@testable import ServiceRuntime

@Suite("The health port", .timeLimit(.minutes(1)))
struct HealthServerTests {
    private final class Health: Sendable {
        private let impairment = Mutex<Impairment?>(nil)
        func set(_ new: Impairment?) { impairment.withLock { $0 = new } }
        var check: HealthCheck { { self.impairment.withLock { $0 } } }
    }

    private func withServer(
        _ health: Health = Health(), patience: TimeAmount = .seconds(10), _ body: (Int) async throws -> Void
    ) async throws {
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let server = HealthServer(
            configuration: HealthConfiguration(Settings(flags: [("health.port", "0")])), checks: [health.check],
            metrics: MetricsPage { "a 1\n" }, group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, patience: patience,
            onListening: { listening.yield($0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { listening.finish() }
                try await server.run()
            }
            let port = try #require(await ports.first { _ in true })
            try await body(port)
            group.cancelAll()
        }
    }

    @Test("it answers what is true at that moment, one request a connection")
    func answers() async throws {
        let health = Health()
        try await withServer(health) { port in
            let url = "http://127.0.0.1:\(port)"
            #expect(try await FakeHTTP.get(url + "/health/ready").body == #"{"status":"ok"}"#)
            health.set(Impairment(.unavailable, "Down."))
            let answer = try await FakeHTTP.get(url + "/health/ready")
            #expect(answer.status == 503)
            #expect(answer.body == #"{"status":"unavailable","reasons":["Down."]}"#)
            #expect(try await FakeHTTP.get(url + "/health/live").status == 200)
            #expect(try await FakeHTTP.request(.HEAD, url + "/health/ready").status == 503)
            #expect(try await FakeHTTP.get(url + "/metrics").body == "a 1\n")
        }
    }

    @Test("whoever asks nothing, or nonsense, is closed", arguments: ["", "nonsense\r\n\r\n", "GET /metr"])
    func silent(bytes: String) async throws {
        try await withServer(patience: .milliseconds(200)) { port in
            let channel = try await connect(to: port)
            // `try?`: on a busy machine the server closes the connection before this.
            try? await channel.writeAndFlush(ByteBuffer(string: bytes))
            try await channel.closeFuture.get()
            try await untilAnswered(at: port)
        }
    }

    @Test("more connections than it serves are closed at once, and room comes back")
    func bound() async throws {
        try await withServer { port in
            var open: [any Channel] = []
            for _ in 0..<HealthServer.maxConnections { open.append(try await connect(to: port)) }
            let next = try await connect(to: port)
            try await next.closeFuture.get()
            // `try?`: on a busy machine the server has closed some of them before.
            for channel in open { try? await channel.close() }
            try await untilAnswered(at: port)
        }
    }

    @Test("a port that is taken is told with its remedy")
    func taken() async throws {
        try await withServer { port in
            let second = HealthServer(
                configuration: HealthConfiguration(Settings(flags: [("health.port", "\(port)")])), checks: [],
                metrics: MetricsPage { "" }, group: MultiThreadedEventLoopGroup.singleton,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let error = await #expect(throws: HealthServerError.self) { try await second.run() }
            #expect(error?.description.contains("set health.port") == true)
        }
    }

    private func untilAnswered(at port: Int) async throws {
        try await eventually("health checks are answered") {
            do {
                return try await FakeHTTP.get("http://127.0.0.1:\(port)/health/live").status == 200
            } catch {
                return false  // The server has not noticed the end of the others yet, or has closed this one.
            }
        }
    }

    private func connect(to port: Int) async throws -> any Channel {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port).get()
    }
}
