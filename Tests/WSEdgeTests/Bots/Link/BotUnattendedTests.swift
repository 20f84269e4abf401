import Bus
import Logging
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import WSEdge

@Suite("Actions whose outcome nobody waits for", .timeLimit(.minutes(1)))
struct BotUnattendedTests {
    static let suffixes = ["_async", "_rate_limited"]
    private static let failure = "An action failed whose outcome nobody waits for."

    private func failures(_ bench: BotBench) -> [BotLog.Entry] {
        bench.log.entries.filter { $0.message == Self.failure }
    }

    @Test(
        "OneBot's suffixes are carried out here: the bot gets the plain name, the asker `async` at once, nobody more",
        arguments: ["send_msg_async", "send_group_msg_rate_limited", ".handle_quick_operation_async", "x_async"])
    func suffix(called: String) async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let call = try await bench.call(
                10001, #"{ "action" : "\#(called)", "params":{"a":[1.0]}, "echo":{"n":1} }"#)
            #expect(
                try await bench.answer(to: call.id)
                    == #"{"status":"async","retcode":1,"data":null,"echo":{"n":1}}"#)
            let action = try await bot.nextAction()
            let plain = ActionName(called).plain
            #expect(
                action.frame == #"{ "action" : "\#(plain)", "params":{"a":[1.0]}, "echo":\#(action.token) }"#)
            bot.send(#"{"status":"ok","retcode":0,"data":{"message_id":1},"echo":\#(action.token)}"#)
            let after = try await bench.call(10001, #"{"action":"get_status","echo":2}"#)
            bot.send(#"{"status":"ok","retcode":0,"echo":\#(try await bot.nextAction().token)}"#)
            _ = try await bench.answer(to: after.id)
            #expect(bench.answers.count == 2)
            #expect(failures(bench).isEmpty)
        }
    }

    @Test("without reply_to nothing is answered, and without an echo none comes back")
    func noReply() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            try await bench.call(10001, #"{"action":"a_async"}"#, replyTo: nil)
            let call = try await bench.call(10001, #"{"action":"b_async"}"#)
            #expect(try await bench.answer(to: call.id) == #"{"status":"async","retcode":1,"data":null}"#)
            #expect(try await bot.nextAction().name == "a")
            #expect(try await bot.nextAction().name == "b")
            #expect(bench.answers.count == 1)
        }
    }

    @Test("what goes wrong later is in the log: aloud first, then for those who look closer; a probe of ours never")
    func failed() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let answers = [
                #""status":"failed","retcode":404,"data":null"#,
                #""status":"failed","retcode":1404,"data":null,"message":"no such action""#,
            ]
            for answer in answers {
                try await bench.call(10001, #"{"action":".handle_quick_operation_async"}"#)
                bot.send(#"{\#(answer),"echo":\#(try await bot.nextAction().token)}"#)
            }
            try await bench.call(10001, #"{"action":"send_msg"}"#, replyTo: nil)
            bot.send(#"{"status":"failed","retcode":100,"echo":\#(try await bot.nextAction().token)}"#)
            try await bench.call(10001, #"{"action":"delete_msg_async"}"#)
            _ = try await bot.nextAction()
            bot.abort()
            let logged = try await eventually(
                "four failures are in the log", read: { failures(bench) }, until: { $0.count == 4 })
            #expect(logged.map(\.level) == [.warning, .debug, .debug, .debug])
            #expect(
                logged.map { $0.metadata["action.name"] } == [
                    ".handle_quick_operation", ".handle_quick_operation", "send_msg", "delete_msg",
                ])
            #expect(logged.map { $0.metadata["status"] } == ["404", "1404", "100", "1503"])
            #expect(logged[1].metadata["reason"] == "no such action")
        }
    }

    @Test("what is refused at once is told as it is", arguments: suffixes)
    func refused(suffix: String) async throws {
        let silent = [("action_timeout", "100ms"), ("breaker.timeouts", "1")]
        try await BotBench.run(silent) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let first = try await bench.call(10001, #"{"action":"a"}"#)
            _ = try await bot.nextAction()
            _ = try await bench.answer(to: first.id)
            let call = try await bench.call(10001, #"{"action":"a\#(suffix)","echo":"e"}"#)
            let answer = try JSONObject(ByteBuffer(string: try await bench.answer(to: call.id)))
            #expect(answer["retcode"]?.int64 == 1503)
            #expect(answer.carriedOut == "no")
            #expect(answer["echo"]?.string == "e")
        }
    }

    @Test("one that waits for its turn is answered at once; one too many gets 1429", arguments: suffixes)
    func paced(suffix: String) async throws {
        try await BotBench.run([("pacing.bot", "1/min"), ("pacing.max_queued", "1")]) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            func call(_ number: Int) async throws -> JSONObject {
                let call = try await bench.call(10001, #"{"action":"send_msg\#(suffix)","echo":\#(number)}"#)
                return try JSONObject(ByteBuffer(string: try await bench.answer(to: call.id)))
            }
            #expect(try await call(1)["status"]?.string == "async")
            #expect(try await bot.nextAction().name == "send_msg")
            #expect(try await call(2)["status"]?.string == "async")
            let over = try await call(3)
            #expect(over["retcode"]?.int64 == 1429)
            #expect(over.carriedOut == "no")
            #expect(over["echo"]?.int64 == 3)
            #expect(bot.unread.isEmpty)
            bot.abort()
            let logged = try await eventually(
                "the first, unanswered, and the one that waited have failed", read: { failures(bench) },
                until: { $0.count == 2 })
            #expect(logged.map { $0.metadata["status"] } == ["1503", "1503"])
            #expect(logged.map { $0.metadata["carried_out"] } == ["unknown", "no"])
        }
    }

    @Test("askers take turns, also where they do not wait for the outcome")
    func turns() async throws {
        try await BotBench.run([("pacing.bot", "20/s")]) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            for number in 1...6 {
                try await bench.call(10001, #"{"action":"send_msg_async","params":{"n":\#(number)}}"#)
            }
            try await bench.call(10001, #"{"action":"send_msg_async","params":{"n":7}}"#, replyTo: "another")
            var order: [Int64] = []
            for _ in 1...7 {
                let frame = try JSONObject(ByteBuffer(string: try await bot.next()))
                order.append(try #require(frame["params"]?.object?["n"]?.int64))
            }
            #expect(try #require(order.firstIndex(of: 7)) <= 3)
            #expect(order.filter { $0 != 7 } == Array(1...6))
        }
    }

    @Test(
        "`_rate_limited` waits for its turn where there are turns, whatever action it is; at once where there are none")
    func rateLimited() async throws {
        try await BotBench.run([("pacing.bot", "1/min")]) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            try await bench.call(10001, #"{"action":"send_msg"}"#)
            let limited = try await bench.call(10001, #"{"action":"set_group_kick_rate_limited"}"#)
            #expect(try await bench.answer(to: limited.id).contains("async"))
            try await bench.call(10001, #"{"action":"set_group_card_async"}"#)
            #expect(try await bot.nextAction().name == "send_msg")
            #expect(try await bot.nextAction().name == "set_group_card")
            #expect(bot.unread.isEmpty)
        }
    }
}
