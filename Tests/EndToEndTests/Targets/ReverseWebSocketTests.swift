import Bus
import NIOHTTP1
import OneBot
import SimulatedBot
import TestSupport
import Testing
import WebSocketTransport

extension EndToEnd {
    @Suite("Frameworks that Perpetua dials", .timeLimit(.minutes(2)))
    struct ReverseWebSocketTests {
        private func settings(_ url: String, _ more: String = "name: framework") -> String {
            "reverse_websockets: [{url: \"\(url)\", \(more)}]"
        }

        private func online(_ perpetua: RunningPerpetua) async throws -> [JSONObject] {
            let list = try await FakeHTTP.get(perpetua.http + "/api/get_online_clients")
            return list.data?["clients"]?.array?.compactMap(\.object) ?? []
        }

        private func client(named name: String, _ perpetua: RunningPerpetua) async throws -> JSONObject {
            let found = try await eventually("\(name) is in the list") {
                try await online(perpetua).first { $0["client_name"]?.string == name }
            } until: {
                $0 != nil
            }
            return try #require(found)
        }

        @Test("a framework is dialled as a OneBot implementation does it, and is a client like any other")
        func client() async throws {
            try await withFakeBot { bot in
                try await withFakeFramework { framework in
                    let url = framework.url + "/onebot/v11/ws?a=%20b&c"
                    let yaml = settings(url, "name: framework, access_token: s3cret")
                    try await withPerpetua(yaml, bots: [bot.url]) { perpetua in
                        let target = try await framework.nextConnection()
                        let attempt = try #require(framework.attempts.first)
                        #expect(attempt.request.path == "/onebot/v11/ws")
                        #expect(attempt.request.query("a") == " b")
                        #expect(attempt.header("X-Self-ID") == "10001")
                        #expect(attempt.header("X-Client-Role") == "Universal")
                        #expect(attempt.header("Authorization") == "Bearer s3cret")
                        #expect(attempt.header("User-Agent") == "OneBot")

                        let first = try await target.next()
                        #expect(first["meta_event_type"] == "lifecycle")
                        #expect(first.int("self_id") == 10001)
                        let appID = try #require(first.json?["client"]?.object?["app_id"]?.string)
                        let event = #"{"self_id":10001,"post_type":"notice","notice_type":"hello","x": 1.0}"#
                        try await bot.bot.emit(event)
                        #expect(try await target.nextEvent("notice", "hello").text == event)
                        #expect(try await target.call("get_status", echo: #"{"seq":1}"#).int("retcode") == 0)

                        let listed = try await client(named: "framework", perpetua)
                        #expect(listed["app_id"]?.string == appID)
                        #expect(listed["transport"]?.string == "reverse_websocket")
                        #expect(listed["self_id"]?.int64 == 10001)
                        #expect(listed["remote_address"]?.string == framework.url + "/onebot/v11/ws")

                        let other = try await FakeClient.connect(to: perpetua.ws)
                        _ = try await other.nextEvent("meta_event", "lifecycle")
                        // A dialled framework is not identified by an address, so `other` is still the only client at
                        // its address.
                        let named = try await FakeHTTP.get(perpetua.http + "/api/set_client_name?name=other")
                        #expect(named.retcode == 0)
                        let sent = try await other.call(
                            "send_broadcast_data", params: #"{"data":"d","clients":[{"client_name":"framework"}]}"#,
                            echo: "1")
                        #expect(sent.json?["data"]?.object?["targets"]?.int64 == 1)
                        let broadcast = try await target.nextEvent("distributed", "broadcast")
                        let back = try await target.call(
                            "send_broadcast_data_callback",
                            params: #"{"client":\#(broadcast.raw("client") ?? ""),"data":"back"}"#, echo: "2")
                        #expect(back.int("retcode") == 0)
                        let callback = try await other.nextEvent("distributed", "broadcast_callback")
                        #expect(callback["data"] == "back")
                        #expect(callback.json?["client"]?.object?["client_name"]?.string == "framework")
                    }
                }
            }
        }

        @Test("none is dialled before its bot is known; a bot that goes away leaves the connection as it is")
        func botComesAndGoes() async throws {
            try await withFakeFramework { framework in
                try await withPerpetua(settings(framework.url) + "\nheartbeat_interval: 200ms") { perpetua in
                    let other = try await FakeClient.connect(to: perpetua.ws)
                    #expect(try await other.call("get_status", echo: "1").int("retcode") == 1503)
                    #expect(framework.attempts.isEmpty)
                    var configuration = SimulatedBotConfiguration.scripted
                    configuration.port = nil
                    configuration.reverseTargets = [ReverseTarget(url: perpetua.ws + "/bot")]
                    try await withFakeBot(configuration) { bot in
                        let target = try await framework.nextConnection()
                        _ = try await target.nextEvent("meta_event", "lifecycle")
                        try await bot.bot.goAway()
                        _ = try await target.next("a heartbeat of a bot that is away") {
                            $0.raw("status") == #"{"online":false,"good":false}"#
                        }
                        #expect(try await target.call("get_status", echo: "2").int("retcode") == 1503)
                        try await bot.bot.comeBack()
                        try await eventually("the bot answers") {
                            try await target.call("get_status", echo: "3").int("retcode") == 0
                        }
                        #expect(framework.attempts.count == 1)
                    }
                }
            }
        }

        @Test(
            "a framework that refuses is tried again at a steady pace, and let in it is served",
            arguments: [401, 403])
        func refused(status: Int) async throws {
            try await withFakeBot { bot in
                try await withFakeFramework { framework in
                    framework.refuse(with: HTTPResponseStatus(statusCode: status))
                    try await withPerpetua(settings(framework.url), bots: [bot.url]) { _ in
                        try await eventually(within: .seconds(20), "it was tried three times") {
                            framework.attempts.count >= 3
                        }
                        framework.refuse(with: nil)
                        let target = try await framework.nextConnection()
                        _ = try await target.nextEvent("meta_event", "lifecycle")
                        let times = framework.attempts.map(\.time)
                        for (one, next) in zip(times, times.dropFirst()) {
                            #expect(one.duration(to: next) > .milliseconds(900))
                        }
                    }
                }
            }
        }

        @Test(
            "a framework that hangs up is dialled again for ever, never twice at once, and comes back as the same client"
        )
        func hangsUp() async throws {
            try await withFakeBot { bot in
                try await withFakeFramework { framework in
                    try await withPerpetua(settings(framework.url), bots: [bot.url]) { perpetua in
                        let target = try await framework.nextConnection()
                        let lifecycle = try await target.nextEvent("meta_event", "lifecycle")
                        _ = try await client(named: "framework", perpetua)
                        framework.hangUp(with: .policy("Duplicate X-Self-ID"))
                        try await target.close(.policy("Duplicate X-Self-ID"))
                        try await eventually(within: .seconds(20), "it was tried twice more") {
                            framework.attempts.count >= 3
                        }
                        framework.hangUp(with: nil)
                        let appID = lifecycle.json?["client"]?.object?["app_id"]?.string
                        try await eventually(within: .seconds(20), "it is connected again, as the client it was") {
                            try await online(perpetua)
                        } until: { list in
                            framework.openCount == 1
                                && list.map { $0["app_id"]?.string } == [appID]
                                && list.map { $0["client_name"]?.string } == ["framework"]
                        }
                        #expect(framework.mostAtOnce == 1)
                    }
                }
            }
        }

        @Test("a framework that reads no more has seen the end of its connection before it is dialled again")
        func unresponsive() async throws {
            try await withFakeBot { bot in
                try await withFakeFramework { framework in
                    let yaml = settings(framework.url) + "\nedge: {outbound_bytes: 1MiB}"
                    try await withPerpetua(yaml, bots: [bot.url]) { perpetua in
                        let first = try await framework.nextConnection()
                        _ = try await first.nextEvent("meta_event", "lifecycle")
                        // From now on it does not even read up to the end of its connection: only a reset shows it
                        // that.
                        try await first.stopReading()
                        let padding = String(repeating: "x", count: 256 << 10)
                        for number in 1...64 {
                            try await bot.bot.emit(
                                #"{"self_id":10001,"post_type":"notice","notice_type":"n","n":\#(number),"p":"\#(padding)"}"#
                            )
                        }
                        let second = try await framework.nextConnection()
                        _ = try await second.nextEvent("meta_event", "lifecycle")
                        #expect(framework.mostAtOnce == 1)
                        _ = try await first.ending()
                    }
                }
            }
        }

        @Test("of an API and Event pair each does its part; they are one client, and die and come back together")
        func pair() async throws {
            try await withFakeBot { bot in
                try await withFakeFramework { framework in
                    let yaml = """
                        reverse_websockets:
                          - {api_url: "\(framework.url)/ws/api/", event_url: "\(framework.url)/ws/event/", name: framework}
                        """
                    try await withPerpetua(yaml, bots: [bot.url]) { perpetua in
                        let api = try await framework.nextConnection("API")
                        let events = try await framework.nextConnection("Event")
                        #expect(framework.attempts.map(\.request.path) == ["/ws/api/", "/ws/event/"])
                        let lifecycle = try await events.nextEvent("meta_event", "lifecycle")
                        try await bot.bot.emit(#"{"self_id":10001,"post_type":"notice","notice_type":"hello"}"#)
                        _ = try await events.nextEvent("notice", "hello")
                        try await events.send("nonsense")
                        #expect(try await api.call("get_status", echo: "1").int("retcode") == 0)
                        #expect(try await api.unread.isEmpty)
                        let listed = try await client(named: "framework", perpetua)
                        #expect(listed["role"]?.string == "Universal")
                        #expect(try await online(perpetua).count == 1)

                        try await events.abort()
                        #expect(try await api.ending().code == 1001)
                        let secondAPI = try await framework.nextConnection("API")
                        let secondEvents = try await framework.nextConnection("Event")
                        let again = try await secondEvents.nextEvent("meta_event", "lifecycle")
                        #expect(again.raw("client") == lifecycle.raw("client"))
                        try await secondAPI.abort()
                        #expect(try await secondEvents.ending().code == 1001)
                        _ = try await framework.nextConnection("API")
                        _ = try await framework.nextConnection("Event")
                        #expect(framework.mostAtOnce == 1)
                    }
                }
            }
        }

        @Test(
            "each bot has a connection of its own: the first as `N`, the others as `N@self_id`; a filter leaves bots out"
        )
        func severalBots() async throws {
            var configuration = SimulatedBotConfiguration.scripted
            configuration.selfID = SelfID(20002)
            try await withFakeBot { one in
                try await withFakeBot(configuration) { two in
                    try await withFakeFramework { framework in
                        let yaml = """
                            bots: [{self_id: 10001}, {self_id: 20002}]
                            reverse_websockets:
                              - {url: "\(framework.url)/all", name: all}
                              - {url: "\(framework.url)/one", name: one, self_id: 20002}
                            """
                        try await withPerpetua(yaml, bots: [one.url, two.url]) { perpetua in
                            let first = try await framework.nextConnection(of: "10001")
                            _ = try await first.nextEvent("meta_event", "lifecycle")
                            for name in ["all", "all@20002", "one"] { _ = try await client(named: name, perpetua) }
                            #expect(framework.attempts.count == 3)
                            #expect(try await client(named: "all", perpetua)["self_id"]?.int64 == 10001)
                            // The bot is known from the settings, but may not be connected yet.
                            try await eventually("the bot has a link") {
                                try await two.bot.emit(#"{"self_id":20002,"post_type":"notice","notice_type":"two"}"#)
                                    > 0
                            }
                            for _ in 1...2 {
                                let second = try await framework.nextConnection(of: "20002")
                                #expect(try await second.next()["meta_event_type"] == "lifecycle")
                                _ = try await second.nextEvent("notice", "two")
                            }
                            #expect(try await first.unread.allSatisfy { $0["notice_type"] != "two" })
                        }
                    }
                }
            }
        }

        @Test("a framework whose name somebody else has is served without one, and gets it when it is free")
        func nameTaken() async throws {
            try await withFakeBot { bot in
                try await withFakeFramework { framework in
                    framework.refuse(with: .serviceUnavailable)
                    try await withPerpetua(settings(framework.url), bots: [bot.url]) { perpetua in
                        let squatter = try await FakeClient.connect(to: perpetua.ws)
                        _ = try await squatter.nextEvent("meta_event", "lifecycle")
                        let named = try await squatter.call(
                            "set_client_name", params: #"{"name":"framework"}"#, echo: "1")
                        #expect(named.int("retcode") == 0)
                        framework.refuse(with: nil)
                        let target = try await framework.nextConnection()
                        let appID = try await target.nextEvent("meta_event", "lifecycle").json?["client"]?.object?[
                            "app_id"]?.string
                        #expect(try await target.call("get_status", echo: "1").int("retcode") == 0)
                        try await squatter.close()
                        try await eventually(within: .seconds(15), "the target has its name") {
                            try await online(perpetua).first { $0["client_name"]?.string == "framework" }
                        } until: {
                            $0?["app_id"]?.string == appID
                        }
                    }
                }
            }
        }

        @Test("stopping, Perpetua answers what is under way, closes with 1001 and dials no more")
        func stopping() async throws {
            try await withFakeBot { bot in
                try await withFakeFramework { framework in
                    try await withPerpetua(settings(framework.url), bots: [bot.url]) { perpetua in
                        let target = try await framework.nextConnection()
                        _ = try await target.nextEvent("meta_event", "lifecycle")
                        await perpetua.shutDown()
                        #expect(try await target.ending().code == 1001)
                    }
                    #expect(framework.attempts.count == 1)
                }
            }
        }

        @Test(
            "an edge that is cut off from the bus lets go of its framework before another edge takes it over",
            .overMemory)
        func holderCutOff() async throws {
            try await withFakeBot { bot in
                try await withFakeFramework { framework in
                    try await withDeployment(settings(framework.url), edges: [[bot.url], [bot.url]]) { deployment in
                        let target = try await framework.nextConnection()
                        let lifecycle = try await target.nextEvent("meta_event", "lifecycle")
                        let appID = lifecycle.json?["client"]?.object?["app_id"]?.string
                        let list = try await FakeHTTP.get(deployment.http + "/api/get_online_clients")
                        let edge = list.data?["clients"]?.array?.compactMap(\.object).first {
                            $0["app_id"]?.string == appID
                        }?["edge"]?.string
                        let holder = deployment.edges[edge == "e0" ? 0 : 1]
                        holder.bus.lose()
                        _ = try await target.ending()
                        let second = try await framework.nextConnection(within: .seconds(20))
                        _ = try await second.nextEvent("meta_event", "lifecycle")
                        holder.bus.restore()
                        try await eventually(within: .seconds(20), "the bot answers") {
                            try await second.call("get_status", echo: "1").int("retcode") == 0
                        }
                        #expect(framework.mostAtOnce == 1)
                        #expect(framework.openCount == 1)
                    }
                }
            }
        }

        @Test(
            "with the holder killed another edge takes the framework over, and gets it its name in the end",
            .overRabbitMQ)
        func holderKilled() async throws {
            try await withFakeBot { bot in
                try await withFakeFramework { framework in
                    var plan = Deployment.Plan()
                    plan.bots = [bot.url]
                    plan.settings = [
                        "--reverse_websockets[0].url", framework.url + "/ws", "--reverse_websockets[0].name",
                        "framework",
                    ]
                    try await withDeployment(on: RabbitMQ.ofTheRun().url, plan) { deployment in
                        let target = try await framework.nextConnection()
                        _ = try await target.nextEvent("meta_event", "lifecycle")
                        let gateway = deployment.gateways[0]
                        func listed() async throws -> JSONObject? {
                            let list = try await FakeHTTP.get(gateway.http + "/api/get_online_clients")
                            return list.data?["clients"]?.array?.compactMap(\.object).first {
                                $0["client_name"]?.string == "framework"
                            }
                        }
                        let holder = try await eventually("it is listed") {
                            try await listed()?["edge"]?.string
                        } until: {
                            $0 != nil
                        }
                        let edge = try #require(deployment.edges.first { $0.name == holder })
                        try await edge.kill()
                        let second = try await framework.nextConnection(within: .seconds(30))
                        let lifecycle = try await second.nextEvent("meta_event", "lifecycle")
                        let appID = lifecycle.json?["client"]?.object?["app_id"]?.string
                        try await eventually(within: .seconds(20), "the bot answers") {
                            try await second.call("get_status", echo: "1").int("retcode") == 0
                        }
                        try await eventually(within: .seconds(40), "it has its name") {
                            try await listed()
                        } until: {
                            $0?["app_id"]?.string == appID
                        }
                        #expect(framework.mostAtOnce == 1)
                    }
                }
            }
        }
    }
}
