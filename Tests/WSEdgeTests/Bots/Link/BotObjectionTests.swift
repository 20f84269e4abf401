import Bus
import TestSupport
import Testing

@testable import WSEdge

@Suite("Actions that could be sent, and are not", .timeLimit(.minutes(1)))
struct BotObjectionTests {
    @Test(
        "an action that came by one bot's key and names another is not carried out",
        arguments: [
            ("10002", false), (#""10002""#, false), ("{}", false), ("10001", true), ("0", true), ("null", true),
        ])
    func otherAccount(value: String, isSent: Bool) async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let call = try await bench.call(
                10001, #"{"action":"send_msg","params":{"self_id":\#(value)},"echo":[1]}"#)
            if isSent {
                #expect(try await bot.nextAction().name == "send_msg")
            } else {
                let answer = try await bench.answer(to: call.id)
                #expect(answer.contains("1400") && answer.contains("`self_id`") && answer.contains(#""echo":[1]"#))
                #expect(bot.unread.isEmpty)
            }
        }
    }

    @Test("a bot is asked once to restart, until it has connected anew; whoever asks meanwhile gets async")
    func restart() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let first = try await bench.call(10001, #"{"action":"set_restart","params":{},"echo":1}"#)
            let action = try await bot.nextAction()
            #expect(action.name == "set_restart")
            for name in ["set_restart", "set_restart_async"] {
                let again = try await bench.call(10001, #"{"action":"\#(name)","echo":[2]}"#)
                #expect(
                    try await bench.answer(to: again.id) == #"{"status":"async","retcode":1,"data":null,"echo":[2]}"#)
            }
            #expect(bot.unread.isEmpty)
            bot.send(#"{"status":"async","retcode":1,"data":null,"echo":\#(action.token)}"#)
            #expect(try await bench.answer(to: first.id).contains("async"))
            bot.close()
            try await bench.untilOffline(10001)
            let back = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            try await bench.call(10001, #"{"action":"set_restart","echo":3}"#)
            #expect(try await back.nextAction().name == "set_restart")
        }
    }
}
