import Contracts
import NIOCore
import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("An action is answered to the one who asked", .timeLimit(.minutes(1)))
    struct ActionFlowTests {
        static let echoes = [
            "1", "-0", "1.5e300", "12345678901234567890123", #""text""#, #""é\u00e9\n""#, "true", "null",
            #"{"seq":1,"a":[1,{}]}"#,
            "[1,2]", #""""#,
        ]

        @Test("its echo comes back byte for byte, whatever JSON value it was", arguments: echoes)
        func echo(echo: String) async throws {
            try await withBotAndClient { bot, client in
                let answer = try await client.call("get_login_info", echo: echo)
                #expect(answer.echo == echo)
                #expect(answer["status"] == "ok")
            }
        }

        @Test("none in, none out; a look-alike inside params is left alone")
        func noEcho() async throws {
            try await withBotAndClient { bot, client in
                try await client.send(#"{"action":"get_login_info","params":{"echo":"inner"}}"#)
                let answer = try await client.next { $0["status"] != nil }
                #expect(answer.echo == nil)
                #expect(try await bot.nextAction("get_login_info").params?["echo"]?.string == "inner")
            }
        }

        @Test(
            "what is no action is answered 1400, and the connection lives on",
            arguments: [
                "not json", "[]", "null", "42", "{}", #"{"action":null}"#, #"{"action":7,"echo":5}"#,
                #"{"params":{},"echo":"e"}"#, " ",
            ])
        func malformed(frame: String) async throws {
            try await withBotAndClient { _, client in
                try await client.send(frame)
                let answer = try await client.next { $0["status"] == "failed" }
                #expect(answer.int("retcode") == 1400)
                #expect(answer["msg"] == answer["wording"])
                #expect(try await client.call("get_login_info", echo: "1").int("retcode") == 0)
            }
        }

        @Test(
            "OneBot's suffixes, at every door: the bot gets the plain action, whoever asked `async` at once",
            arguments: ["_async", "_rate_limited"])
        func answeredAtOnce(suffix: String) async throws {
            let script: @Sendable (ReceivedAction) -> ScriptedAnswer? = { action in
                action.name.hasPrefix("get_") ? .standard : ScriptedAnswer.none
            }
            try await withFakeFramework { framework in
                try await withFakeBot(answering: script) { bot in
                    let yaml = "reverse_websockets: [{name: framework, url: \"\(framework.url)\"}]"
                    try await withPerpetua(yaml, bots: [bot.url]) { perpetua in
                        let client = try await FakeClient.connect(to: perpetua.ws)
                        _ = try await client.nextEvent("meta_event", "lifecycle")
                        let target = try await framework.nextConnection()
                        for door in [client, target] {
                            let answer = try await door.call(
                                "send_msg\(suffix)", params: #"{"n":1}"#, echo: #"{"e":1}"#)
                            #expect(answer.text == #"{"status":"async","retcode":1,"data":null,"echo":{"e":1}}"#)
                            #expect(try await bot.bot.nextAction("send_msg").params?["n"]?.int64 == 1)
                        }
                        let http = try await FakeHTTP.get(perpetua.http + "/send_msg\(suffix)?n=2")
                        #expect(http.status == 200)
                        #expect(http.body == #"{"status":"async","retcode":1,"data":null}"#)
                        #expect(try await bot.bot.nextAction("send_msg").params?["n"]?.string == "2")
                        let program = try await BrokerProgram(at: perpetua.broker, exchanges: perpetua.exchanges)
                        let answer = try await program.call(
                            #"{"action":".handle_quick_operation\#(suffix)","echo":7}"#,
                            key: Exchanges.actionKey(bot.selfID))
                        #expect(answer["status"]?.string == "async")
                        #expect(answer["echo"]?.int64 == 7)
                        _ = try await bot.bot.nextAction(".handle_quick_operation")
                        // Our own actions are answered when they are done, with or without a suffix.
                        #expect(try await client.call("get_online_clients\(suffix)", echo: "8")["status"] == "ok")
                    }
                }
            }
        }

        @Test("two clients with the same echo get their own answers")
        func sameEcho() async throws {
            let script: @Sendable (ReceivedAction) -> ScriptedAnswer? = { action in
                guard let who = action.params?["who"]?.string else { return nil }
                return .json(#"{"status":"ok","retcode":0,"data":{"who":"\#(who)"}}"#)
            }
            try await withFakeBot(answering: script) { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let first = try await FakeClient.connect(to: perpetua.ws)
                    let second = try await FakeClient.connect(to: perpetua.ws)
                    for client in [first, second] { _ = try await client.nextEvent("meta_event", "lifecycle") }
                    for round in 0..<100 {
                        async let one = first.call("x", params: #"{"who":"one"}"#, echo: "\(round)")
                        async let two = second.call("x", params: #"{"who":"two"}"#, echo: "\(round)")
                        #expect(try await one.json?["data"]?.object?["who"]?.string == "one")
                        #expect(try await two.json?["data"]?.object?["who"]?.string == "two")
                    }
                    #expect(try await first.unread.filter { $0.echo != nil }.isEmpty)
                }
            }
        }

        @Test("a bot that goes in mid-call: failed at once; away: 1503; back: served again, same client")
        func botGone() async throws {
            try await withFakeBot(answering: { $0.name == "slow" ? ScriptedAnswer.none : .standard }) { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    try await client.send(#"{"action":"slow","echo":"in flight"}"#)
                    _ = try await bot.bot.nextAction("slow")
                    try await bot.bot.goAway(.abrupt)
                    let failed = try await client.next { $0.echo == #""in flight""# }
                    #expect(failed["status"] == "failed")
                    #expect(failed.int("retcode") == 1503)
                    try await eventually("actions are refused at once") {
                        let answer = try await client.call("get_status", echo: "2")
                        return answer.int("retcode") == 1503 && answer.json?["data"]?.object?["retry_after_ms"] != nil
                    }
                    try await bot.bot.comeBack()
                    try await eventually(within: .seconds(40), "the bot is served again") {
                        try await client.call("get_status", echo: "3").int("retcode") == 0
                    }
                }
            }
        }

        @Test("a silent bot: 1504 in time, and what it says later reaches nobody")
        func silent() async throws {
            let script: @Sendable (ReceivedAction) -> ScriptedAnswer? = {
                $0.name == "slow" ? ScriptedAnswer.none : .standard
            }
            try await withFakeBot(answering: script) { bot in
                try await withPerpetua("action_timeout: 300ms", bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    let answer = try await client.call("slow", echo: "1")
                    #expect(answer.int("retcode") == 1504)
                    let late = try await bot.bot.nextAction("slow")
                    try await bot.bot.sendToAll(#"{"status":"ok","retcode":0,"data":1,"echo":\#(late.echo ?? "null")}"#)
                    #expect(try await client.call("get_status", echo: "2").int("retcode") == 0)
                    #expect(try await client.unread.filter { $0.echo == "1" }.isEmpty)
                }
            }
        }

        @Test(
            "a bot that answers twice, answers what nobody asked, or talks nonsense harms nobody",
            arguments: ["answer_twice", "unknown_echo", "nonsense"])
        func misbehaves(kind: String) async throws {
            try await withBotAndClient { bot, client in
                var misbehaviour = Misbehaviour()
                let isKnown = misbehaviour.add(kind: kind)
                #expect(isKnown)
                try await bot.misbehave(misbehaviour)
                for number in 1...20 {
                    #expect(try await client.call("get_login_info", echo: "\(number)").int("retcode") == 0)
                }
                #expect(try await client.unread.filter { $0.echo != nil || $0["status"] != nil }.isEmpty)
            }
        }

        @Test("over 256 unanswered the edge stops reading that client, and no answer is lost")
        func manyUnanswered() async throws {
            try await withFakeBot(answering: { _ in .standard }) { bot in
                try await withPerpetua("edge: {max_unanswered: 4}", bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    for number in 1...200 { try await client.send(#"{"action":"get_status","echo":\#(number)}"#) }
                    for number in 1...200 {
                        #expect(try await client.next { $0.echo == "\(number)" }.int("retcode") == 0)
                    }
                }
            }
        }

        private func withBotAndClient(_ body: @Sendable (SimulatedBot, FakeClient) async throws -> Void) async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    try await body(bot.bot, client)
                }
            }
        }
    }
}
