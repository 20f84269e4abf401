import Contracts
import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("An action is carried out by the account it names, or by none", .timeLimit(.minutes(2)))
    struct WhichBotTests {
        @Test("an account that is not known yet is 1404 at every door, and the known one does nothing in its place")
        func unknown() async throws {
            // Any action that reaches this bot, beyond those that Perpetua sends by itself, fails the test at its end.
            try await withFakeBot(answering: { _ in nil }) { bot in
                try await withPerpetua(bots: [bot.url, "ws://127.0.0.1:1"]) { perpetua in
                    let bound = try await FakeClient.connect(to: perpetua.ws)
                    let every = try await FakeClient.connect(to: perpetua.ws + "/?self_id=*")
                    let named = try await FakeClient.connect(to: perpetua.ws + "/api?self_id=10001")
                    _ = try await bound.nextEvent("meta_event", "lifecycle")
                    _ = try await every.nextEvent("meta_event", "lifecycle")
                    let actions = [
                        "send_private_msg", "send_group_msg", ".handle_quick_operation", "get_group_list",
                        "set_restart", "get_ws_port",
                    ]
                    for client in [bound, every, named] {
                        for action in actions {
                            for value in ["10002", #""10002""#, "10002.0"] {
                                let answer = try await client.call(
                                    action, params: #"{"self_id":\#(value),"user_id":1}"#, echo: "[1]")
                                Self.expectUnknown(answer.int("retcode"), answer["msg"], "\(action) \(value)")
                            }
                        }
                    }
                    let program = try await BrokerProgram(at: perpetua.broker, exchanges: perpetua.exchanges)
                    for action in actions {
                        let get = try await FakeHTTP.get(perpetua.http + "/\(action)?self_id=10002")
                        Self.expectUnknown(get.retcode, get["msg"], action)
                        let post = try await FakeHTTP.post(perpetua.http + "/\(action)", json: #"{"self_id":10002}"#)
                        Self.expectUnknown(post.retcode, post["msg"], action)
                    }
                    for action in ["set_restart", "get_ws_port"] {
                        let answer = try await program.call(
                            #"{"action":"\#(action)","params":{"self_id":10002}}"#, key: Exchanges.gatewayKey)
                        Self.expectUnknown(answer["retcode"]?.int64, answer["msg"]?.string, action)
                    }
                }
            }
        }

        private static func expectUnknown(_ retcode: Int64?, _ message: String?, _ what: String) {
            #expect(retcode == 1404, "\(what)")
            #expect(message?.contains("10002") == true && message?.contains("10001") == true, "\(what)")
        }

        @Test("what is no account number is 1400 at every door, and names the parameter")
        func unreadable() async throws {
            try await withFakeBot(answering: { _ in nil }) { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    for action in ["send_msg", "set_restart", "get_ws_port"] {
                        for value in [#""ten""#, "{}", "[10001]", "true", "1.5"] {
                            let json = #"{"self_id":\#(value)}"#
                            let frame = try await client.call(action, params: json, echo: "7")
                            let post = try await FakeHTTP.post(perpetua.http + "/\(action)", json: json)
                            #expect(frame.int("retcode") == 1400 && post.retcode == 1400, "\(action) \(value)")
                            #expect(frame["msg"]?.contains("`self_id`") == true, "\(action) \(value)")
                            #expect(post["msg"]?.contains("`self_id`") == true, "\(action) \(value)")
                        }
                    }
                }
            }
        }

        @Test("absent, null and 0 mean the default bot, a spelling with escapes means what it says")
        func readable() async throws {
            var second = SimulatedBotConfiguration.scripted
            second.selfID = SelfID(20002)
            try await withFakeBot { one in
                try await withFakeBot(second) { two in
                    try await withPerpetua(bots: [one.url, two.url]) { perpetua in
                        let client = try await FakeClient.connect(to: perpetua.ws + "/?self_id=10001")
                        let other = try await FakeClient.connect(to: perpetua.ws + "/?self_id=20002")
                        _ = try await client.nextEvent("meta_event", "lifecycle")
                        _ = try await other.nextEvent("meta_event", "lifecycle")
                        for params in ["{}", #"{"self_id":null}"#, #"{"self_id":0}"#, #"{"self_id":10001}"#] {
                            let answer = try await client.call("get_login_info", params: params, echo: "1")
                            #expect(answer.json?["data"]?.object?["user_id"]?.int64 == 10001, "\(params)")
                        }
                        for params in [#"{"self_id":"20002"}"#, #"{"\u0073elf_\u0069d":20002}"#] {
                            let answer = try await client.call("get_login_info", params: params, echo: "2")
                            #expect(answer.json?["data"]?.object?["user_id"]?.int64 == 20002, "\(params)")
                        }
                    }
                }
            }
        }

        @Test("a webhook's quick reply is said by the account whose event it answers")
        func quickOperation() async throws {
            var second = SimulatedBotConfiguration.scripted
            second.selfID = SelfID(20002)
            let receiver = try await WebhookReceiver.start { _ in .answer(200, body: #"{"reply":"pong"}"#) }
            try await withFakeBot(answering: { _ in nil }) { one in
                try await withFakeBot(second) { two in
                    try await withPerpetua("webhooks: [{url: \"\(receiver.url)\"}]", bots: [one.url, two.url]) {
                        perpetua in
                        let client = try await FakeClient.connect(to: perpetua.ws + "/?self_id=20002")
                        _ = try await client.nextEvent("meta_event", "lifecycle")
                        try await eventually("the webhook follows both bots") {
                            Set(receiver.requests.filter(\.isMeta).compactMap { $0.json?["self_id"]?.int64 })
                                == [10001, 20002]
                        }
                        try await two.bot.emit(
                            #"{"self_id":20002,"post_type":"message","message_type":"private","user_id":5,"message_id":1,"message":"a"}"#
                        )
                        #expect(try await two.bot.nextAction("send_private_msg").params?["user_id"]?.int64 == 5)
                    }
                }
            }
            await receiver.stop()
        }
    }
}
