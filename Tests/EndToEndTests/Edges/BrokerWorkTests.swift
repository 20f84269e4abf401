import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("What events cost the broker", .overRabbitMQ, .timeLimit(.minutes(3)))
    struct BrokerWorkTests {
        private static let events = 100
        /// Allows for other messages over the broker in the same seconds (renewals, presence): far fewer than one per
        /// client and event.
        private static let others = 60

        @Test("one publish and one delivery per edge for each event, however many clients", arguments: [10, 1_000])
        func perEvent(clients count: Int) async throws {
            try await withRabbitMQ { broker in
                try await withFakeBot { bot in
                    var plan = Deployment.Plan(edges: 2, bots: [bot.url])
                    plan.settings = ["--client_status", "none"]
                    try await withDeployment(on: broker.url, plan) { deployment in
                        var clients: [CountingClient] = []
                        for _ in 0..<count {
                            clients.append(try await CountingClient.connect(to: deployment.edges[0].ws))
                        }
                        // The first event reaches all clients: so the link, the sessions and the bindings are there.
                        try await bot.bot.emit(Self.event(1, of: bot))
                        try await Self.wait(for: clients, until: 1)

                        let before = try await BrokerCounters.read(from: broker)
                        for number in 2...Self.events + 1 { try await bot.bot.emit(Self.event(number, of: bot)) }
                        try await Self.wait(for: clients, until: Self.events + 1)
                        let after = try await BrokerCounters.read(from: broker)

                        let published = after.published - before.published
                        let delivered = after.delivered - before.delivered
                        #expect((Self.events...Self.events + Self.others).contains(published))
                        #expect((2 * Self.events...2 * Self.events + Self.others).contains(delivered))
                        #expect(clients.compactMap(\.ledger.mistake).isEmpty)
                    }
                }
            }
        }

        private static func event(_ number: Int, of bot: FakeBot) -> String {
            #"{"time":1,"self_id":\#(bot.selfID),"post_type":"notice","notice_type":"count","number":\#(number)}"#
        }

        private static func wait(for clients: [CountingClient], until number: Int) async throws {
            try await eventually(within: .seconds(60), "every client has event \(number)") {
                clients.map(\.ledger.last).min() ?? 0
            } until: {
                $0 == Int64(number)
            }
        }
    }
}
