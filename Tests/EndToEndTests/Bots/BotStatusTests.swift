import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("A bot's link that is lost or back", .timeLimit(.minutes(2)))
    struct BotStatusTests {
        /// What each client is told of the bot, as `heartbeat true` or `notice false`.
        private static let queries: [(query: String, told: String?)] = [
            ("/", "heartbeat"), ("/?heartbeat_interval=600000", "heartbeat"), ("/?heartbeat_interval=0", "notice"),
            ("/?meta_events=false&detail_types=bot_status", "notice"), ("/?self_id=*&heartbeat_interval=0", "notice"),
            ("/?group=g&heartbeat_interval=0", "notice"), ("/event?heartbeat_interval=0", "notice"),
            ("/?heartbeat_interval=0&post_types=message", nil), ("/api", nil),
        ]

        @Test(
            "every client is told of each loss and each return at once and once: by a heartbeat, or by a notice where it has none",
            arguments: ThreeEdges.Bus.allCases)
        func told(bus: ThreeEdges.Bus) async throws {
            try await withFakeBot { bot in
                try await ThreeEdges.run(on: bus, bot: bot, [("heartbeat_interval", "1h")]) { edges in
                    var clients: [(client: FakeClient, told: String?)] = []
                    for ws in edges.ws {
                        for (query, told) in Self.queries {
                            let client = try await FakeClient.connect(to: ws + query)
                            // Once this is answered, the client is online and knows its bot.
                            if query.hasPrefix("/event") {
                                _ = try await client.nextEvent("meta_event", "lifecycle")
                            } else {
                                try await eventually(within: .seconds(20), "\(query) has its bot") {
                                    try await client.call("get_status", echo: "1").int("retcode") == 0
                                }
                            }
                            clients.append((client, told))
                        }
                    }
                    for isOnline in [false, true, false] {
                        if isOnline { try await bot.bot.comeBack() } else { try await bot.bot.goAway() }
                        for (client, told) in clients {
                            guard let told else { continue }
                            let frame = try await client.next("\(told), online \(isOnline)", within: .seconds(30)) {
                                $0["meta_event_type"] == "heartbeat" || $0["notice_type"] == "bot_status"
                            }
                            #expect((frame["meta_event_type"] ?? "notice") == told)
                            #expect(frame.int("self_id") == 10001)
                            let status = told == "heartbeat" ? frame.json?["status"]?.object : frame.json
                            #expect(status?["online"]?.bool == isOnline)
                        }
                    }
                    for (client, told) in clients {
                        let rest = try await client.unread.filter {
                            $0["meta_event_type"] == "heartbeat" || $0["notice_type"] == "bot_status"
                        }
                        #expect(rest.isEmpty, "\(told ?? "nothing") was told again")
                    }
                }
            }
        }
    }
}
