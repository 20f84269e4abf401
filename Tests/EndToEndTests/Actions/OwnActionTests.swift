import NIOCore
import OneBot
import SimulatedBot
import TestSupport
import Testing
import WebSocketTransport

extension EndToEnd {
    @Suite("Names, broadcasts, callbacks, restarts", .timeLimit(.minutes(1)))
    struct OwnActionTests {
        /// A connected client and what its lifecycle said of it.
        struct Member {
            let client: FakeClient
            let appID: String
            let token: String

            init(_ perpetua: RunningPerpetua, _ query: String = "") async throws {
                try await self.init(ws: perpetua.ws, query)
            }

            init(ws: String, _ query: String = "") async throws {
                client = try await FakeClient.connect(to: ws + "/" + query)
                let me = try await client.nextEvent("meta_event", "lifecycle").json?["client"]?.object
                appID = try #require(me?["app_id"]?.string)
                token = try #require(me?["client_token"]?.string)
            }
        }

        @Test("of 50 clients racing for one name one wins, and the others are told who")
        func race() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("client_status: none", bots: [bot.url]) { perpetua in
                    var members: [Member] = []
                    for _ in 0..<50 { members.append(try await Member(perpetua)) }
                    let answers = try await withThrowingTaskGroup(of: (String, ReceivedFrame).self) { group in
                        for member in members {
                            group.addTask {
                                (
                                    member.appID,
                                    try await member.client.call(
                                        "set_client_name", params: #"{"name":"主机"}"#, echo: "1")
                                )
                            }
                        }
                        return try await group.reduce(into: [(String, ReceivedFrame)]()) { $0.append($1) }
                    }
                    let winners = answers.filter { $0.1.int("retcode") == 0 }.map(\.0)
                    let losers = answers.filter { $0.1.int("retcode") == 1409 }
                    try #require(winners.count == 1)
                    #expect(losers.count == 49)
                    #expect(losers.allSatisfy { $0.1["msg"]?.contains(winners[0]) == true })
                }
            }
        }

        @Test(
            "names that are refused, with the reason",
            arguments: [
                #"{}"#, #"{"name":""}"#, #"{"name":"  \t"}"#, #"{"name":7}"#, #"{"name":null}"#,
                #"{"name":"a\u0000b"}"#,
                #"{"name":"\#(String(repeating: "n", count: 257))"}"#, "[]",
            ])
        func refusedNames(params: String) async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let member = try await Member(perpetua)
                    let answer = try await member.client.call("set_client_name", params: params, echo: "1")
                    #expect(answer.int("retcode") == 1400)
                    #expect(answer["msg"]?.isEmpty == false)
                }
            }
        }

        @Test(
            "two spellings of é are two names; one's own name again is fine; a new one frees the old; leaving frees it too"
        )
        func names() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let (one, two) = (try await Member(perpetua), try await Member(perpetua))
                    #expect(try await name(one, #"caf\u00e9"#) == 0)
                    #expect(try await name(two, #"cafe\u0301"#) == 0)
                    #expect(try await name(two, #"caf\u00e9"#) == 1409)
                    #expect(try await name(one, #"caf\u00e9"#) == 0)
                    #expect(try await name(one, "other") == 0)
                    #expect(try await name(two, #"caf\u00e9"#) == 0)
                    try await two.client.close()
                    try await eventually("the name is free again") { try await name(one, #"caf\u00e9"#) == 0 }
                }
            }
        }

        @Test("who resumes keeps app_id, token and name; who does not has lost the name")
        func resume() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let member = try await Member(perpetua, "?resume=60")
                    #expect(try await name(member, "kept") == 0)
                    try await member.client.abort()
                    let other = try await Member(perpetua)
                    #expect(try await name(other, "kept") == 1409)
                    let back = try await Member(perpetua, "?resume=60&client_token=\(member.token)")
                    #expect(back.appID == member.appID)
                    #expect(back.token == member.token)
                    let list = try await FakeHTTP.get(perpetua.http + "/api/get_online_clients")
                    #expect(list.body.contains(#""client_name":"kept""#))
                }
            }
        }

        @Test("a newer connection of the same client takes its place: the older one is closed with 1008 and told why")
        func replaced() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let member = try await Member(perpetua, "?resume=60")
                    let newer = try await Member(perpetua, "?resume=60&client_token=\(member.token)")
                    #expect(newer.appID == member.appID)
                    let ending = try await member.client.ending()
                    #expect(ending.code == 1008)
                    #expect(ending.reason.contains("another connection"))
                }
            }
        }

        @Test("a broadcast reaches the others once, and a callback its sender")
        func broadcast() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let (sender, one, two) = (
                        try await Member(perpetua), try await Member(perpetua), try await Member(perpetua)
                    )
                    #expect(try await name(sender, "sender") == 0)
                    let answer = try await sender.client.call(
                        "send_broadcast_data", params: #"{"data":"h\u00e9llo \"x\""}"#, echo: "1")
                    let uuid = try #require(answer.json?["data"]?.object?["uuid"]?.string)
                    #expect(answer.json?["data"]?.object?["targets"]?.int64 == 2)
                    for member in [one, two] {
                        let event = try await member.client.nextEvent("distributed", "broadcast")
                        #expect(event["uuid"] == uuid)
                        #expect(event["data"] == "héllo \"x\"")
                        #expect(event.int("self_id") == 10001)
                        #expect(event.json?["client"]?.object?["client_name"]?.string == "sender")
                    }
                    let back = try await one.client.call(
                        "send_broadcast_data_callback",
                        params: #"{"client":{"app_id":"\#(sender.appID)"},"data":"pong"}"#, echo: "2")
                    #expect(back.int("retcode") == 0)
                    let callback = try await sender.client.nextEvent("distributed", "broadcast_callback")
                    #expect(callback["uuid"] == uuid)
                    #expect(callback["data"] == "pong")
                    #expect(callback.json?["client"]?.object?["app_id"]?.string == one.appID)
                    let none = try await sender.client.call(
                        "send_broadcast_data_callback", params: #"{"client":{"app_id":"\#(one.appID)"},"data":"?"}"#,
                        echo: "3")
                    #expect(none.int("retcode") == 1404, "it never got a broadcast from that one")
                    #expect(try await one.client.unread.filter { $0["post_type"] == "distributed" }.isEmpty)
                }
            }
        }

        @Test("a broadcast to duplicates, oneself, the vanished and nobody")
        func targets() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let (sender, one) = (try await Member(perpetua), try await Member(perpetua))
                    #expect(try await name(one, "one") == 0)
                    func send(_ clients: String) async throws -> ReceivedFrame {
                        try await sender.client.call(
                            "send_broadcast_data", params: #"{"data":"d","clients":\#(clients)}"#, echo: "1")
                    }
                    let twice = try await send(
                        #"[{"app_id":"\#(one.appID)"},{"client_name":"one"},{"app_id":"","client_name":"one"},{"app_id":"\#(sender.appID)"}]"#
                    )
                    #expect(twice.json?["data"]?.object?["targets"]?.int64 == 1)
                    _ = try await one.client.nextEvent("distributed", "broadcast")
                    #expect(try await send(#"[{"app_id":"nobody"}]"#).int("retcode") == 1404)
                    #expect(try await send("[]").int("retcode") == 1400)
                    #expect(try await send("[7]").int("retcode") == 1400)
                    #expect(
                        try await sender.client.call("send_broadcast_data", params: #"{"data":7}"#, echo: "2").int(
                            "retcode") == 1400)
                    #expect(try await one.client.unread.filter { $0["post_type"] == "distributed" }.isEmpty)
                }
            }
        }

        @Test("over HTTP the caller is the token's client, else the app_id's, else the only one at that address")
        func http() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    func post(_ action: String, _ json: String) async throws -> FakeHTTP.Answer {
                        try await FakeHTTP.post(perpetua.http + "/api/" + action, json: json)
                    }
                    #expect(try await post("set_client_name", #"{"name":"x"}"#).status == 401)
                    let one = try await Member(perpetua)
                    #expect(try await post("set_client_name", #"{"name":"alone"}"#).retcode == 0)
                    let two = try await Member(perpetua)
                    #expect(try await post("set_client_name", #"{"name":"who"}"#).status == 401)
                    #expect(
                        try await post("set_client_name", #"{"name":"two","client_token":"\#(two.token)"}"#).retcode
                            == 0)
                    #expect(
                        try await post("send_broadcast_data", #"{"data":"by app_id","app_id":"\#(one.appID)"}"#).retcode
                            == 0)
                    let event = try await two.client.nextEvent("distributed", "broadcast")
                    #expect(event.json?["client"]?.object?["client_name"]?.string == "alone")
                    #expect(try await FakeHTTP.get(perpetua.http + "/get_login_info").data?["user_id"]?.int64 == 10001)
                    #expect(try await post("no/such", "{}").status == 404)
                    #expect(try await post("get_login_info", "{broken").status == 400)
                    #expect(try await FakeHTTP.get(perpetua.http + "/health/live").status == 200)
                    #expect(try await FakeHTTP.get(perpetua.http + "/health/ready").status == 200)
                }
            }
        }

        @Test("the list has the shape that is set, over the WebSocket as over HTTP", arguments: ["clients", "array"])
        func shape(_ shape: String) async throws {
            try await withFakeBot { bot in
                try await withPerpetua("api: {online_clients_shape: \(shape)}", bots: [bot.url]) { perpetua in
                    let member = try await Member(perpetua)
                    // The edge reports a moment after the lifecycle which bot a client without ?self_id= is for.
                    try await eventually("the list says which bot the client is for") {
                        try await FakeHTTP.get(perpetua.http + "/api/get_online_clients").body.contains(
                            #""self_id":10001"#)
                    }
                    let answer = try await member.client.call("get_online_clients", echo: "1")
                    let data = try #require(answer.json?["data"])
                    let list = shape == "array" ? data.array : data.object?["clients"]?.array
                    #expect(list?.first?.object?["app_id"]?.string == member.appID)
                    let posted = try await FakeHTTP.get(perpetua.http + "/api/get_online_clients")
                    #expect(posted.json?["data"].map { String(buffer: $0.bytes) } == String(buffer: data.bytes))
                }
            }
        }

        @Test("set_restart answers async, and the bot is told after the delay")
        func restart() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let member = try await Member(perpetua)
                    let answer = try await member.client.call("set_restart", params: #"{"delay":10}"#, echo: "1")
                    #expect(answer["status"] == "async")
                    #expect(answer.int("retcode") == 1)
                    #expect(answer.raw("data") == "null")
                    _ = try await bot.bot.nextAction("set_restart")
                    #expect(
                        try await member.client.call("set_restart", params: #"{"delay":-1}"#, echo: "2").int("retcode")
                            == 1400)
                }
            }
        }

        private func name(_ member: Member, _ name: String) async throws -> Int64? {
            try await member.client.call("set_client_name", params: #"{"name":"\#(name)"}"#, echo: #""name""#).int(
                "retcode")
        }
    }
}
