import Foundation
import NIOCore
import NIOPosix
import OneBot
import SimulatedBot
import TestSupport
import Testing
import WebSocketTransport

extension EndToEnd {
    @Suite("A process with few descriptors", .timeLimit(.minutes(2)))
    struct DescriptorTests {
        @Test(
            "more clients than it has descriptors for are told to come back; each of the others is somebody else, and HTTP answers"
        )
        func crowd() async throws {
            try await withFakeBot { bot in
                try await withFolder { folder in
                    let perpetua = try PerpetuaProcess(
                        in: folder, ports: try FreePorts.range(of: 2), ["--bot", bot.url], descriptors: 64)
                    try await perpetua.waitUntilReady()
                    #expect(perpetua.printed.contains("The limit of open files was raised. limit=64 limit.before=32"))
                    let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
                        for _ in 0..<80 { group.addTask { try await Outcome(at: perpetua.ws) } }
                        return try await group.reduce(into: [Outcome]()) { $0.append($1) }
                    }
                    let served = outcomes.compactMap(\.member)
                    #expect(served.count >= 8)
                    #expect(Set(served.map(\.appID)).count == served.count)
                    #expect(!served.contains { $0.appID == "00000000-0000-4000-8000-000000000000" })
                    #expect(outcomes.count { $0.status == 503 } == 80 - served.count)

                    let refusal = try await KeptConnection(to: perpetua.ws).get("/", headers: Self.upgrade)
                    #expect(refusal.hasPrefix("HTTP/1.1 503"))
                    for text in ["Retry-After: 5\r\n", #""retcode":1503"#, "edge.max_connections"] {
                        #expect(refusal.contains(text), "\(text)")
                    }
                    let health = try await FakeHTTP.get(perpetua.http + "/health/ready")
                    #expect(health.status == 200)
                    #expect(try await FakeHTTP.get(perpetua.http + "/get_status").retcode == 0)
                    let page = try await FakeHTTP.get(perpetua.http + "/metrics").body
                    #expect(page.contains("perpetua_connections_refused_total \(81 - served.count)\n"))
                    #expect(perpetua.printed.components(separatedBy: "All connections are taken").count == 2)

                    for member in served { try await member.client.close() }
                    try await eventually("there is room again") { try await Outcome(at: perpetua.ws).member != nil }
                    perpetua.terminate()
                    #expect(try await perpetua.exitCode() == 0)
                }
            }
        }

        @Test("edge.max_connections is the bound where it is set; a leased port and its client are two")
        func bound() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("edge: {max_connections: 3}", bots: [bot.url]) { perpetua in
                    let first = try await OwnActionTests.Member(perpetua)
                    let lease = try await FakeHTTP.get(perpetua.http + "/api/get_ws_port")
                    let url = try #require(lease.data?["url"]?.string)
                    #expect(try await Outcome(at: perpetua.ws).status == 503)
                    let none = try await FakeHTTP.get(perpetua.http + "/api/get_ws_port")
                    #expect(none.retcode == 1503)
                    let second = try await OwnActionTests.Member(ws: String(url.dropLast()))
                    try await second.client.close()
                    try await eventually("the leased port's places are free") {
                        try await Outcome(at: perpetua.ws).member != nil
                    }
                    try await first.client.close()
                }
            }
        }

        #if os(Linux)
            @Test(
                "where descriptors run out all the same it waits without work, says so once, and goes on when there are some"
            )
            func shortage() async throws {
                try await withFakeBot { bot in
                    try await withFolder { folder in
                        let perpetua = try PerpetuaProcess(
                            in: folder, ports: try FreePorts.range(of: 2), ["--bot", bot.url], descriptors: 256)
                        try await perpetua.waitUntilReady()
                        // A connection that was open before can still be used.
                        let health = try await KeptConnection(to: perpetua.http)
                        _ = try await health.get("/health/ready")
                        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(perpetua.pid)/fd").count
                        try Self.limit(perpetua.pid, to: open + 3)
                        let waiting = try await withThrowingTaskGroup(of: (any Channel).self) { group in
                            for _ in 0..<20 { group.addTask { try await Self.connect(to: perpetua.ws) } }
                            return try await group.reduce(into: [any Channel]()) { $0.append($1) }
                        }
                        try await eventually("it says so") { perpetua.printed.contains("no descriptor left") }
                        #expect(try await health.get("/health/ready").hasPrefix("HTTP/1.1 503"))
                        let before = try Self.processorTime(perpetua.pid)
                        let end = ContinuousClock.now + .seconds(1)
                        try await eventually("a second passes") { ContinuousClock.now >= end }
                        #expect(try Self.processorTime(perpetua.pid) - before < 0.3)
                        for channel in waiting { try await channel.close() }
                        try Self.limit(perpetua.pid, to: 256)
                        try await eventually("it takes clients again") {
                            try await Outcome(at: perpetua.ws).member != nil
                        }
                        try await eventually("it is well") {
                            try await health.get("/health/ready").hasPrefix("HTTP/1.1 200")
                        }
                        #expect(perpetua.printed.components(separatedBy: "no descriptor left").count == 2)
                        perpetua.terminate()
                        #expect(try await perpetua.exitCode() == 0)
                    }
                }
            }

            /// Sets how many descriptors a running process may have.
            private static func limit(_ pid: Int32, to count: Int) throws {
                let program = Process()
                program.executableURL = URL(fileURLWithPath: "/usr/bin/prlimit")
                program.arguments = ["--pid", "\(pid)", "--nofile=\(count):256"]
                try program.run()
                program.waitUntilExit()
                #expect(program.terminationStatus == 0)
            }

            /// User and system time of the process, in seconds.
            private static func processorTime(_ pid: Int32) throws -> Double {
                let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
                let fields = try #require(text.split(separator: ")").last).split(separator: " ")
                return (Double(fields[11]) ?? 0) / 100 + (Double(fields[12]) ?? 0) / 100
            }

            private static func connect(to ws: String) async throws -> any Channel {
                let port = try #require(ws.split(separator: ":").last.flatMap { Int($0) })
                return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(host: "127.0.0.1", port: port).get()
            }
        #endif

        /// What happened to a client that connects.
        private struct Outcome: Sendable {
            var member: OwnActionTests.Member?
            var status = 101

            init(at ws: String) async throws {
                do {
                    member = try await OwnActionTests.Member(ws: ws)
                } catch DialError.refused(_, let status, _) {
                    self.status = status
                }
            }
        }

        private static let upgrade = [
            "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
    }
}
