import Foundation
import NIOHTTP1
import OneBot
import SimulatedBot
import TestSupport
import Testing
import WebSocketTransport

extension EndToEnd {
    @Suite("Tokens: who may do what", .timeLimit(.minutes(2)))
    struct TokenTests {
        private static let tokens = """
            access_token: master
            tokens:
              - {name: second, token: s3cond, self_ids: [20002]}
              - {name: pair, token: p4ir, self_ids: [20002, 30003]}
              - {name: reader, token: r3ader, actions: [get_*]}
              - {name: caller, token: c4ller, events: false}
              - {name: socket, token: s0cket, http: false}
            """

        /// Three bots, 10001, 20002 and 30003, and Perpetua with the tokens above.
        private func withBots(
            _ yaml: String = "", _ body: @Sendable (RunningPerpetua, [FakeBot]) async throws -> Void
        ) async throws {
            var (second, third) = (SimulatedBotConfiguration.scripted, SimulatedBotConfiguration.scripted)
            (second.selfID, third.selfID) = (SelfID(20002), SelfID(30003))
            try await withFakeBot { one in
                try await withFakeBot(second) { two in
                    try await withFakeBot(third) { three in
                        let bots = [one, two, three]
                        try await withPerpetua(Self.tokens + "\n" + yaml, bots: bots.map(\.url)) { perpetua in
                            try await eventually("every bot is there") {
                                for bot in ["10001", "20002", "30003"] {
                                    let answer = try await FakeHTTP.get(
                                        perpetua.http + "/get_status?access_token=master&self_id=\(bot)")
                                    if answer.retcode != 0 { return false }
                                }
                                return true
                            }
                            try await body(perpetua, bots)
                        }
                    }
                }
            }
        }

        private static func connect(_ ws: String, _ token: String, _ path: String = "/?") async throws -> FakeClient {
            try await FakeClient.connect(to: ws + path + "access_token=\(token)")
        }

        /// The status and body of a handshake that is refused; `nil` where it is not.
        private static func refusal(
            _ ws: String, _ token: String, _ path: String = "/?"
        ) async throws -> (status: Int, body: String)? {
            do {
                let client = try await connect(ws, token, path)
                try await client.close()
                return nil
            } catch let DialError.refused(_, status, body) {
                return (status, body)
            }
        }

        @Test("a token for one bot gets that bot's events, acts on it without naming it, and on no other: 1403")
        func oneBot() async throws {
            try await withBots { perpetua, bots in
                let client = try await Self.connect(perpetua.ws, "s3cond")
                #expect(try await client.nextEvent("meta_event", "lifecycle").int("self_id") == 20002)
                let mine = try await client.call("get_login_info", echo: "1")
                #expect(mine.json?["data"]?.object?["user_id"]?.int64 == 20002)
                let other = try await client.call("get_login_info", params: #"{"self_id":10001}"#, echo: #"{"a":[1]}"#)
                #expect(other.int("retcode") == 1403)
                #expect(other["msg"]?.contains("“second” is not for bot 10001, but for 20002") == true)
                for name in ["set_restart", "set_restart_async", "set_restart_rate_limited"] {
                    let restart = try await client.call(name, params: #"{"self_id":10001}"#, echo: "3")
                    #expect(restart.int("retcode") == 1403, "\(name)")
                }
                try await bots[0].bot.emit(#"{"self_id":10001,"post_type":"notice","notice_type":"from-one"}"#)
                try await bots[1].bot.emit(#"{"self_id":20002,"post_type":"notice","notice_type":"from-two"}"#)
                _ = try await client.nextEvent("notice", "from-two")
                #expect(try await client.unread.allSatisfy { $0["notice_type"] != "from-one" })
                #expect(try await client.call("get_login_info", echo: "4").int("retcode") == 0, "the connection lives")
                let refusal = try await Self.refusal(perpetua.ws, "s3cond", "/?self_id=10001&")
                #expect(refusal?.status == 403)
                #expect(refusal?.body.contains(#""retcode":1403"#) == true)
                #expect(refusal?.body.contains("10001") == true)
            }
        }

        @Test("with ?self_id=* a token gets the events of its bots, and no others', and acts on these")
        func someBots() async throws {
            try await withBots { perpetua, bots in
                let client = try await Self.connect(perpetua.ws, "p4ir", "/?self_id=*&")
                let first = try await client.nextEvent("meta_event", "lifecycle").int("self_id")
                #expect(first == 20002 || first == 30003)
                for (bot, name) in zip(bots, ["one", "two", "three"]) {
                    try await bot.bot.emit(#"{"self_id":\#(bot.selfID),"post_type":"notice","notice_type":"\#(name)"}"#)
                }
                _ = try await client.nextEvent("notice", "two")
                _ = try await client.nextEvent("notice", "three")
                let ambiguous = try await client.call("get_login_info", echo: "1")
                #expect(ambiguous.int("retcode") == 1400)
                #expect(ambiguous["msg"]?.contains("20002, 30003") == true)
                #expect(ambiguous["msg"]?.contains("10001") == false)
                for name in ["set_restart", "set_restart_async"] {
                    #expect(try await client.call(name, echo: "2").int("retcode") == 1400, "\(name)")
                }
                for (bot, retcode) in [(10001, 1403), (20002, 0), (30003, 0)] as [(Int, Int64)] {
                    let answer = try await client.call("get_status", params: #"{"self_id":\#(bot)}"#, echo: "3")
                    #expect(answer.int("retcode") == retcode, "\(bot)")
                }
                #expect(try await client.unread.allSatisfy { $0["notice_type"] != "one" })
            }
        }

        @Test("an action out of scope is answered 1403 with its name, ours too, and the connection lives")
        func actions() async throws {
            try await withBots { perpetua, _ in
                let client = try await Self.connect(perpetua.ws, "r3ader")
                _ = try await client.nextEvent("meta_event", "lifecycle")
                for action in [
                    "send_msg", "send_msg_async", ".handle_quick_operation", "set_client_name", "set_restart",
                ] {
                    let answer = try await client.call(action, params: #"{"name":"x"}"#, echo: #""e""#)
                    #expect(answer["status"] == "failed")
                    #expect(answer.int("retcode") == 1403)
                    #expect(answer["msg"]?.contains("“reader” is not for \(action), but for get_*") == true)
                    #expect(answer["wording"] == answer["msg"])
                }
                #expect(try await client.call("get_status", echo: "1").int("retcode") == 0)
                #expect(try await client.call("get_online_clients", echo: "2").int("retcode") == 0)
            }
        }

        @Test("a token without events is refused at /event, and connects for actions only elsewhere")
        func events() async throws {
            try await withBots { perpetua, _ in
                let refusal = try await Self.refusal(perpetua.ws, "c4ller", "/event?")
                #expect(refusal?.status == 403)
                #expect(refusal?.body.contains("“caller” is not for events") == true)
                let client = try await Self.connect(perpetua.ws, "c4ller")
                #expect(try await client.call("get_status", echo: "1").int("retcode") == 0)
                let list = try await client.call("get_online_clients", echo: "2")
                let mine = list.json?["data"]?.object?["clients"]?.array?.first?.object
                #expect(mine?["role"]?.string == "API")
                #expect(try await client.receivedCount == 2, "answers, and no event")
            }
        }

        @Test("over HTTP the same holds: 401, 403 with the reason, and the only bot in the scope is meant")
        func http() async throws {
            try await withBots { perpetua, _ in
                func get(_ path: String, _ token: String) async throws -> FakeHTTP.Answer {
                    try await FakeHTTP.get(perpetua.http + path, headers: ["Authorization": "Bearer \(token)"])
                }
                #expect(try await FakeHTTP.get(perpetua.http + "/get_status").status == 401)
                #expect(try await get("/get_status", "nobody").status == 403)
                let mine = try await get("/get_login_info", "s3cond")
                #expect(mine.data?["user_id"]?.int64 == 20002)
                let other = try await get("/get_login_info?self_id=10001", "s3cond")
                #expect(other.status == 403)
                #expect(other.retcode == 1403)
                #expect(other["msg"]?.contains("10001") == true)
                #expect(try await get("/api/set_restart?self_id=10001", "s3cond").retcode == 1403)
                #expect(try await get("/api/get_ws_port?self_id=10001", "s3cond").retcode == 1403)
                let several = try await get("/get_login_info", "p4ir")
                #expect(several.retcode == 1400)
                #expect(several["msg"]?.contains("10001") == false)
                let sending = try await get("/send_msg", "r3ader")
                #expect(sending.status == 403)
                #expect(sending["msg"]?.contains("send_msg") == true)
                #expect(try await get("/get_status?self_id=10001", "r3ader").retcode == 0)
                let socket = try await get("/get_online_clients", "s0cket")
                #expect(socket.status == 403)
                #expect(socket["msg"]?.contains("“socket” is not for HTTP") == true)
                let client = try await Self.connect(perpetua.ws, "s0cket")
                _ = try await client.nextEvent("meta_event", "lifecycle")
            }
        }

        @Test("on a leased port the token shown there decides")
        func leasedPort() async throws {
            try await withBots { perpetua, _ in
                func lease(_ query: String = "") async throws -> String {
                    let answer = try await FakeHTTP.get(
                        perpetua.http + "/api/get_ws_port?access_token=master\(query)")
                    return "ws://127.0.0.1:\(try #require(answer.data?["port"]?.int64))"
                }
                let first = try await lease("&self_id=10001")
                #expect(try await Self.refusal(first, "s3cond")?.status == 403)
                let allowed = try await Self.connect(first, "master")
                #expect(try await allowed.nextEvent("meta_event", "lifecycle").int("self_id") == 10001)
                let confined = try await Self.connect(try await lease(), "s3cond")
                #expect(try await confined.nextEvent("meta_event", "lifecycle").int("self_id") == 20002)
            }
        }
    }
}
