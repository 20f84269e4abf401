import Bus
import NIOHTTP1
import OneBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("The first events of a bot", .timeLimit(.minutes(2)))
    struct FirstEventsTests {
        private static let events = 200

        /// A bot that is not known yet dials in, and sends events at once.
        private static func speak(to ws: String, as bot: Int = 10001) async throws -> FakeClient {
            let link = try await FakeClient.connect(
                to: ws + "/bot", headers: ["X-Self-ID": "\(bot)", "X-Client-Role": "Universal"])
            for number in 1...events { try await link.send(event(number, of: bot)) }
            return link
        }

        private static func event(_ number: Int, of bot: Int) -> String {
            #"{"time":1,"self_id":\#(bot),"post_type":"message","message_type":"group","group_id":\#(number % 7 + 1),"#
                + #""user_id":7,"number":\#(number)}"#
        }

        /// Expects the lifecycle, then all events in order, and no gap.
        private static func expectAll(_ client: FakeClient, _ who: Comment) async throws {
            let first = try await client.next { $0["notice_type"] != "client_status" }
            #expect(first["meta_event_type"] == "lifecycle", who)
            for number in 1...events {
                let frame = try await client.next { $0["post_type"] == "message" || $0["notice_type"] == "event_gap" }
                try #require(frame.int("number") == Int64(number), who)
            }
        }

        @Test("reach every client that is there, after its lifecycle, whichever way it asked for the bot")
        func clients() async throws {
            try await withPerpetua { perpetua in
                let waiting = try await FakeClient.connect(to: perpetua.ws)
                let choosy = try await FakeClient.connect(to: perpetua.ws + "/event?post_types=message,notice")
                let every = try await FakeClient.connect(to: perpetua.ws + "/?self_id=*")
                let named = try await FakeClient.connect(to: perpetua.ws + "/?self_id=10001")
                let bot = try await Self.speak(to: perpetua.ws)
                try await Self.expectAll(waiting, "bound to the default bot")
                try await Self.expectAll(choosy, "bound to the default bot, with a filter")
                try await Self.expectAll(every, "bound to every bot")
                try await Self.expectAll(named, "bound to that bot")
                try await bot.close()
            }
        }

        @Test("reach clients at another edge", .overMemory)
        func otherEdge() async throws {
            try await withDeployment(edges: [[], []]) { deployment in
                let client = try await FakeClient.connect(to: deployment.edges[1].ws)
                let bot = try await Self.speak(to: deployment.edges[0].ws)
                try await Self.expectAll(client, "at another edge")
                try await bot.close()
            }
        }

        @Test("go each to one member of a group")
        func group() async throws {
            try await withPerpetua { perpetua in
                let members = try await [
                    FakeClient.connect(to: perpetua.ws + "/?group=g"),
                    FakeClient.connect(to: perpetua.ws + "/?group=g"),
                ]
                let bot = try await Self.speak(to: perpetua.ws)
                try await Self.expectAllOnce(members)
                try await bot.close()
            }
        }

        private static func expectAllOnce(_ members: [FakeClient]) async throws {
            let numbers = try await eventually("every event is there") {
                var numbers: [Int64] = []
                for member in members { numbers += try await member.unread.compactMap { $0.int("number") } }
                return numbers
            } until: {
                Set($0).count >= events
            }
            #expect(numbers.sorted() == (1...Int64(events)).map { $0 })
            for member in members {
                #expect(try await member.next { $0["notice_type"] != "client_status" }["post_type"] == "meta_event")
            }
        }

        @Test("go each to one member of a group, at other edges than the bot's", .overMemory)
        func groupOfEdges() async throws {
            try await withDeployment(edges: [[], [], []]) { deployment in
                let members = try await [
                    FakeClient.connect(to: deployment.edges[1].ws + "/?group=g"),
                    FakeClient.connect(to: deployment.edges[2].ws + "/?group=g"),
                ]
                let bot = try await Self.speak(to: deployment.edges[0].ws)
                try await Self.expectAllOnce(members)
                try await bot.close()
            }
        }

        @Test("are posted to a webhook")
        func webhook() async throws {
            let receiver = try await WebhookReceiver.start()
            try await withPerpetua("webhooks: [{url: '\(receiver.url)'}]") { perpetua in
                let bot = try await Self.speak(to: perpetua.ws)
                let posted = try await eventually("the events are posted") {
                    receiver.requests.filter { $0["post_type"] == "message" || $0["meta_event_type"] == "lifecycle" }
                } until: {
                    $0.count > Self.events
                }
                #expect(posted.first?["meta_event_type"] == "lifecycle")
                #expect(posted.dropFirst().map { $0.json?["number"]?.int64 } == (1...Int64(Self.events)).map { $0 })
                try await bot.close()
            }
            await receiver.stop()
        }

        @Test("reach a framework that is dialled because of the bot")
        func target() async throws {
            try await withFakeFramework { framework in
                try await withPerpetua("reverse_websockets: [{url: '\(framework.url)'}]") { perpetua in
                    let bot = try await Self.speak(to: perpetua.ws)
                    let connection = try await framework.nextConnection()
                    try await Self.expectAll(connection, "a framework")
                    try await bot.close()
                }
            }
        }

        @Test("wait for a registry that is away, and come after the lifecycle when it is back", .overMemory)
        func registryAway() async throws {
            try await withDeployment(edges: [[]]) { deployment in
                let client = try await FakeClient.connect(to: deployment.edges[0].ws)
                try await eventually("it is registered") {
                    try await FakeHTTP.get(deployment.http + "/api/get_online_clients").data?["clients"]?.array?.count
                        == 1
                }
                deployment.registryBus.lose()
                let bot = try await Self.speak(to: deployment.edges[0].ws)
                deployment.registryBus.restore()
                try await Self.expectAll(client, "the registry was away")
                try await bot.close()
            }
        }

        @Test("of a bot that is not the default one reach nobody who is bound to that")
        func otherBot() async throws {
            // The first entry of `bots[]`: its account is not known before the bot is connected.
            try await withPerpetua("client_status: none", bots: ["ws://127.0.0.1:1/"]) { perpetua in
                let waiting = try await FakeClient.connect(to: perpetua.ws)
                let named = try await FakeClient.connect(to: perpetua.ws + "/?self_id=10002")
                let bot = try await Self.speak(to: perpetua.ws, as: 10002)
                try await Self.expectAll(named, "bound to that bot")
                #expect(try await waiting.unread.isEmpty)
                try await bot.close()
            }
        }

        @Test("whoever has seen the lifecycle may call the bot over HTTP at once, by its account")
        func called() async throws {
            try await withPerpetua("client_status: none") { perpetua in
                for account in 10001...10030 {
                    let client = try await FakeClient.connect(to: perpetua.ws + "/?self_id=\(account)")
                    let bot = try await FakeClient.connect(
                        to: perpetua.ws + "/bot", headers: ["X-Self-ID": "\(account)", "X-Client-Role": "Universal"])
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    async let answer = FakeHTTP.get(perpetua.http + "/get_it?self_id=\(account)")
                    let echo = try #require(try await bot.next("the action") { $0["action"] == "get_it" }.echo)
                    try await bot.send(#"{"status":"ok","retcode":0,"data":\#(account),"echo":\#(echo)}"#)
                    #expect(try await answer.json?["data"]?.int64 == Int64(account))
                    try await bot.close()
                    try await client.close()
                }
            }
        }

        @Test("reach clients over RabbitMQ, at the bot's edge and at another one", .overRabbitMQ)
        func overRabbitMQ() async throws {
            let broker = try RabbitMQ.ofTheRun().url
            try await withDeployment(on: broker, Deployment.Plan(edges: 2, gateways: 0)) { deployment in
                let clients = try await [
                    FakeClient.connect(to: deployment.edges[0].ws), FakeClient.connect(to: deployment.edges[1].ws),
                ]
                let bot = try await Self.speak(to: deployment.edges[0].ws)
                for client in clients { try await Self.expectAll(client, "over RabbitMQ") }
                try await bot.close()
            }
        }
    }
}
