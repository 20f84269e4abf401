import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("A broker that is short of memory", .overRabbitMQ, .timeLimit(.minutes(4)))
    struct MemoryAlarmTests {
        /// How long the alarm lasts: longer than any lease.
        private static let alarm = Duration.seconds(13)

        @Test("nothing hangs, everyone says so, and what was accepted arrives when it is over")
        func alarm() async throws {
            try await withRabbitMQ { broker in
                try await withFakeBot { bot in
                    var plan = Deployment.Plan(edges: 2, bots: [bot.url])
                    plan.settings = ["--registry.lease", "10s"]
                    try await withDeployment(on: broker.url, plan) { deployment in
                        var counters: [CountingClient] = []
                        var members: [OwnActionTests.Member] = []
                        for edge in deployment.edges {
                            counters.append(try await CountingClient.connect(to: edge.ws))
                            members.append(try await OwnActionTests.Member(ws: edge.ws))
                        }
                        let sender = try await OwnActionTests.Member(ws: deployment.edges[0].ws)
                        try await bot.bot.emit(numbers: 1...100)
                        try await Self.wait(for: counters, until: 100)

                        // When the alarm comes, broadcasts, events and actions are under way.
                        async let accepted = Self.broadcastUntilRefused(from: sender.client)
                        let began = ContinuousClock.now
                        try await broker.setMemoryAlarm(true)
                        try await bot.bot.emit(numbers: 101...400)
                        try await Self.wait(for: deployment, status: 503, saying: "degraded")
                        for member in members { try await Self.expectRefusals(of: member.client) }
                        let start = ContinuousClock.now
                        #expect(try await FakeHTTP.get(deployment.gateways[0].http + "/get_status").retcode == 1503)
                        #expect(
                            try await FakeHTTP.get(deployment.gateways[0].http + "/api/get_online_clients").retcode
                                == 1503)
                        #expect(start.duration(to: .now) < .seconds(4))
                        let texts = try await accepted
                        #expect(!texts.isEmpty)
                        try await eventually(within: .seconds(30), "it has lasted longer than a lease") {
                            began.duration(to: .now)
                        } until: {
                            $0 > Self.alarm
                        }
                        try await broker.setMemoryAlarm(false)

                        try await Self.wait(for: deployment, status: 200, saying: "ok")
                        try await Self.wait(for: counters, until: 400)
                        #expect(counters.compactMap(\.ledger.mistake).isEmpty)
                        let answer = try await members[0].client.call("get_status", params: "{}", echo: "\"after\"")
                        #expect(answer.int("retcode") == 0)
                        for member in members {
                            try await Self.expect(texts, at: member.client)
                        }
                        let list = try await FakeHTTP.get(deployment.gateways[0].http + "/api/get_online_clients")
                        #expect(list.data?["clients"]?.array?.count == 5)
                    }
                }
            }
        }

        /// Broadcasts one after another until one is refused.
        /// - Returns: the data of those that were answered `ok`.
        private static func broadcastUntilRefused(from client: FakeClient) async throws -> [String] {
            var accepted: [String] = []
            while true {
                let text = "b\(accepted.count)"
                let answer = try await client.call(
                    "send_broadcast_data", params: #"{"data":"\#(text)"}"#, echo: "\(accepted.count)")
                if answer.int("retcode") != 0 {
                    #expect(answer.int("retcode") == 1503)
                    return accepted
                }
                accepted.append(text)
            }
        }

        private static func expectRefusals(of client: FakeClient) async throws {
            for (number, action) in ["get_status", "set_client_name", "send_broadcast_data"].enumerated() {
                let start = ContinuousClock.now
                let answer = try await client.call(action, params: #"{"name":"n","data":"d"}"#, echo: "\"r\(number)\"")
                #expect(answer.int("retcode") == 1503, "\(action)")
                #expect(start.duration(to: .now) < .seconds(2), "\(action)")
            }
        }

        /// Expects that each of these broadcasts came once, and that nobody went offline.
        private static func expect(_ texts: [String], at client: FakeClient) async throws {
            let seen = try await eventually("every broadcast that was accepted arrives") {
                var seen: [String: Int] = [:]
                for frame in try await client.unread {
                    if frame["distributed_type"] == "broadcast", let data = frame["data"] {
                        seen[data, default: 0] += 1
                    }
                    #expect(frame.raw("online") != "false" || frame["notice_type"] != "client_status")
                }
                return seen
            } until: { seen in
                texts.allSatisfy { seen[$0] != nil }
            }
            #expect(seen.values.allSatisfy { $0 == 1 })
        }

        private static func wait(for clients: [CountingClient], until number: Int) async throws {
            try await eventually(within: .seconds(30), "every client has event \(number)") {
                clients.map(\.ledger.last).min() ?? 0
            } until: {
                $0 == Int64(number)
            }
        }

        private static func wait(for deployment: Deployment, status: Int, saying word: String) async throws {
            for service in deployment.all {
                try await eventually(within: .seconds(30), "\(service.name) is \(word)") {
                    try await FakeHTTP.get(service.health + "/health/ready")
                } until: {
                    $0.status == status && $0["status"] == word
                }
            }
        }
    }
}
