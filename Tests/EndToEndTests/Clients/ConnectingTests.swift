import NIOCore
import NIOHTTP1
import OneBot
import SimulatedBot
import TestSupport
import Testing
import WebSocketTransport

extension EndToEnd {
    @Suite("What a client sees when it connects", .timeLimit(.minutes(1)))
    struct ConnectingTests {
        @Test(
            "the lifecycle comes first, then its own client_status, then heartbeats",
            arguments: ["/", "/event", "/any/path", "/event/"])
        func firstFrames(path: String) async throws {
            try await withFakeBot { bot in
                try await withPerpetua("heartbeat_interval: 100ms", bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws + path)
                    let first = try await client.next()
                    #expect(first["meta_event_type"] == "lifecycle")
                    #expect(first["sub_type"] == "connect")
                    #expect(first.int("self_id") == 10001)
                    #expect(first.echo == nil)
                    let appID = first.json?["client"]?.object?["app_id"]?.string
                    #expect(first.json?["client"]?.object?["client_token"]?.string?.isEmpty == false)
                    let status = try await client.nextEvent("notice", "client_status")
                    #expect(status.json?["self_client"]?.bool == true)
                    #expect(status.json?["online"]?.bool == true)
                    #expect(status.json?["client"]?.object?["app_id"]?.string == appID)
                    let heartbeat = try await client.nextEvent("meta_event", "heartbeat")
                    #expect(heartbeat.raw("status") == #"{"online":true,"good":true}"#)
                    #expect(heartbeat.int("interval") == 100)
                }
            }
        }

        @Test("the bot's own heartbeat and lifecycle are replaced; its status is passed on; away, both are false")
        func heartbeats() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("heartbeat_interval: 100ms", bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    try await bot.bot.emit(
                        #"{"self_id":10001,"time":7,"post_type":"meta_event","meta_event_type":"heartbeat","status":{"online":true,"good":false,"x":1},"interval":9}"#
                    )
                    _ = try await client.next("the bot's status") {
                        $0.raw("status") == #"{"online":true,"good":false,"x":1}"#
                    }
                    try await bot.bot.goAway()
                    _ = try await client.next("both false") { $0.raw("status") == #"{"online":false,"good":false}"# }
                    let meta = try await client.unread.filter { $0["meta_event_type"] != nil }
                    #expect(meta.allSatisfy { $0.int("interval") != 9 && $0["meta_event_type"] == "heartbeat" })
                }
            }
        }

        @Test("an /api client gets answers and no events")
        func apiRole() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("heartbeat_interval: 100ms", bots: [bot.url]) { perpetua in
                    let other = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await other.nextEvent("meta_event", "lifecycle")
                    let client = try await FakeClient.connect(to: perpetua.ws + "/api")
                    #expect(try await client.call("get_login_info", echo: "1").int("retcode") == 0)
                    try await bot.bot.emit(#"{"self_id":10001,"post_type":"notice","notice_type":"x"}"#)
                    _ = try await other.nextEvent("notice", "x")
                    _ = try await other.nextEvent("meta_event", "heartbeat")
                    #expect(try await client.call("get_login_info", echo: "2").int("retcode") == 0)
                    #expect(try await client.receivedCount == 2)
                }
            }
        }

        @Test(
            "without a bot the lifecycle is held back, actions are answered 1503, and what waited comes behind it in order"
        )
        func noBotYet() async throws {
            try await withFakeBot { bot in
                try await bot.bot.goAway()
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    #expect(try await client.call("get_status", echo: "1").int("retcode") == 1503)
                    let other = try await FakeClient.connect(to: perpetua.ws)
                    #expect(try await other.call("get_status", echo: "1").int("retcode") == 1503)
                    let list = try await FakeHTTP.get(perpetua.http + "/api/get_online_clients")
                    let clients = try #require(list.data?["clients"]?.array)
                    #expect(clients.count == 2, "both are listed before any bot is known")
                    try await bot.bot.comeBack()
                    let frames = [
                        try await client.next(within: .seconds(40)), try await client.next(), try await client.next(),
                    ]
                    #expect(
                        frames.map { $0["meta_event_type"] ?? $0["notice_type"] } == [
                            "lifecycle", "client_status", "client_status",
                        ])
                    try await eventually("the list says which bot they are for") {
                        try await FakeHTTP.get(perpetua.http + "/api/get_online_clients").data?["clients"]?.array?
                            .allSatisfy { $0.object?["self_id"]?.int64 == 10001 } == true
                    }
                    #expect(frames[1].json?["self_client"]?.bool == true)
                    #expect(frames[2].json?["self_client"]?.bool == false)
                }
            }
        }

        @Test("tokens: missing 401, wrong 403, right in all its forms; the body says what to do and no secret")
        func tokens() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("access_token: s3cret", bots: [bot.url]) { perpetua in
                    for (url, status) in [(perpetua.ws, 401), (perpetua.ws + "/?access_token=wr0ng", 403)] {
                        do {
                            _ = try await FakeClient.connect(to: url)
                            Issue.record("\(url) was let in")
                        } catch let DialError.refused(_, seen, body) {
                            #expect(seen == status)
                            let answer = try JSONObject(ByteBuffer(string: body))
                            #expect(answer["retcode"]?.int64 == Int64(1000 + status))
                            #expect(!body.contains("s3cret") && !body.contains("wr0ng"))
                        }
                    }
                    for header in ["Bearer s3cret", "Token s3cret", "s3cret"] {
                        let client = try await FakeClient.connect(to: perpetua.ws, headers: ["Authorization": header])
                        _ = try await client.nextEvent("meta_event", "lifecycle")
                    }
                    let client = try await FakeClient.connect(to: perpetua.ws + "/?access_token=s3cret")
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                }
            }
        }

        @Test("several bots: each client hears its own; * hears all; an action goes where it is told to")
        func severalBots() async throws {
            var second = SimulatedBotConfiguration.scripted
            second.selfID = SelfID(20002)
            try await withFakeBot { one in
                try await withFakeBot(second) { two in
                    try await withPerpetua(bots: [one.url, two.url]) { perpetua in
                        let first = try await FakeClient.connect(to: perpetua.ws)
                        let other = try await FakeClient.connect(to: perpetua.ws + "/?self_id=20002")
                        let all = try await FakeClient.connect(to: perpetua.ws + "/?self_id=*")
                        #expect(try await first.nextEvent("meta_event", "lifecycle").int("self_id") == 10001)
                        #expect(try await other.nextEvent("meta_event", "lifecycle").int("self_id") == 20002)
                        _ = try await all.nextEvent("meta_event", "lifecycle")
                        try await one.bot.emit(#"{"self_id":10001,"post_type":"notice","notice_type":"from-one"}"#)
                        try await two.bot.emit(#"{"self_id":20002,"post_type":"notice","notice_type":"from-two"}"#)
                        _ = try await first.nextEvent("notice", "from-one")
                        _ = try await other.nextEvent("notice", "from-two")
                        _ = try await all.nextEvent("notice", "from-one")
                        _ = try await all.nextEvent("notice", "from-two")
                        #expect(
                            try await first.call("get_login_info", echo: "1").json?["data"]?.object?["user_id"]?.int64
                                == 10001)
                        #expect(
                            try await first.call("get_login_info", params: #"{"self_id":20002}"#, echo: "2").json?[
                                "data"]?.object?["user_id"]?.int64 == 20002)
                        let ambiguous = try await all.call("get_login_info", echo: "3")
                        #expect(ambiguous.int("retcode") == 1400)
                        #expect(ambiguous["msg"]?.contains("20002") == true)
                        #expect(try await first.unread.allSatisfy { $0["notice_type"] != "from-two" })
                        let http = try await FakeHTTP.get(perpetua.http + "/get_login_info")
                        #expect(http.retcode == 1400)
                        #expect(http["msg"]?.contains("20002") == true)
                        let named = try await FakeHTTP.get(perpetua.http + "/get_login_info?self_id=20002")
                        #expect(named.data?["user_id"]?.int64 == 20002)
                    }
                }
            }
        }

        @Test("a bot may dial in, with its own token; the newest link of one account wins")
        func reverseBot() async throws {
            try await withPerpetua("bot_listener: {access_token: b0t}\naccess_token: cl1ent") { perpetua in
                for (token, status) in [("", 401), ("?access_token=cl1ent", 403)] {
                    do {
                        _ = try await FakeClient.connect(to: perpetua.ws + "/bot" + token)
                        Issue.record("let in")
                    } catch let DialError.refused(_, seen, _) {
                        #expect(seen == status)
                    }
                }
                var configuration = SimulatedBotConfiguration.scripted
                configuration.port = nil
                configuration.accessToken = "b0t"
                configuration.reverseTargets = [ReverseTarget(url: perpetua.ws + "/bot")]
                configuration.redialInterval = .seconds(30)
                try await withFakeBot(configuration) { bot in
                    // Perpetua knows the bot by its header, a moment before the bot knows that it is connected.
                    try await bot.bot.waitForLinks()
                    let client = try await FakeClient.connect(to: perpetua.ws + "/?access_token=cl1ent")
                    #expect(try await client.nextEvent("meta_event", "lifecycle").int("self_id") == 10001)
                    try await bot.bot.emit(#"{"self_id":10001,"post_type":"notice","notice_type":"old"}"#)
                    _ = try await client.nextEvent("notice", "old")
                    try await withFakeBot(configuration) { newer in
                        try await newer.bot.waitForLinks()
                        try await bot.bot.waitForNoLinks()
                        try await eventually("the newer one answers") {
                            try await client.call("get_status", echo: "9").int("retcode") == 0
                        }
                        _ = try await newer.bot.nextAction("get_status")
                    }
                }
            }
        }

        @Test("an action over the limit is answered 1413 with its echo, and the connection lives on")
        func limits() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("max_message_size: 64KiB", bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    let large = #""\#(String(repeating: "y", count: 200 << 10))""#
                    let refused = try await client.call("x", params: large, echo: #""mine""#)
                    #expect(refused.int("retcode") == 1413)
                    #expect(try await client.call("get_status", echo: "2").int("retcode") == 0)
                    try await client.abort()
                    try await eventually("who vanished is no longer listed") {
                        try await FakeHTTP.get(perpetua.http + "/api/get_online_clients").data?["clients"]?.array?
                            .isEmpty == true
                    }
                }
            }
        }
    }
}
