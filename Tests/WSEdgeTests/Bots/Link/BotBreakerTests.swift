import NIOCore
import OneBot
import TestSupport
import Testing

@testable import WSEdge

@Suite("A bot that does not answer", .timeLimit(.minutes(1)))
struct BotBreakerTests {
    private static let quick = [
        (key: "action_timeout", value: "100ms"), (key: "breaker.timeouts", value: "2"),
        (key: "breaker.probe_interval", value: "100ms"),
    ]
    /// The settings of ``quick``, but with no probe within the test.
    private static let unprobed = quick.dropLast() + [(key: "breaker.probe_interval", value: "10m")]

    private func retcode(_ bench: BotBench, _ frame: String = #"{"action":"get_friend_list","echo":7}"#) async throws
        -> Int64?
    {
        let call = try await bench.call(10001, frame)
        return try JSONObject(ByteBuffer(string: try await bench.answer(to: call.id)))["retcode"]?.int64
    }

    /// A bot that has left two actions unanswered, with their tokens.
    private func silentBot(_ bench: BotBench) async throws -> (bot: BotPeer, tokens: [String]) {
        let bot = try await bench.dialIn(selfID: 10001)
        try await bench.untilOnline(10001)
        var tokens: [String] = []
        for _ in 1...2 {
            #expect(bench.bots.silent.isEmpty)
            #expect(try await retcode(bench) == 1504)
            tokens.append(try await bot.nextAction().token)
        }
        try await eventually("the bot counts as silent", read: { bench.bots.silent }) { $0 == [SelfID(10001)] }
        return (bot, tokens)
    }

    @Test("is asked no more by clients, but by us, and is back with its first answer, which nobody else gets")
    func probed() async throws {
        try await BotBench.run(Self.quick) { bench in
            let (bot, _) = try await silentBot(bench)
            let call = try await bench.call(10001, #"{"action":"get_status","echo":{"mine":true}}"#)
            let refused = try JSONObject(ByteBuffer(string: try await bench.answer(to: call.id)))
            #expect(refused["retcode"]?.int64 == 1503)
            #expect(refused.carriedOut == "no")
            #expect(refused["echo"]?.object?["mine"]?.bool == true)
            #expect(refused["data"]?.object?["retry_after_ms"]?.int64 ?? 0 > 0)
            #expect(refused["msg"]?.string?.contains("does not answer") == true)
            // The first probe is not answered, so a second one follows.
            let first = try await bot.nextAction()
            let second = try await bot.nextAction()
            for probe in [first, second] {
                #expect(probe.name == "get_status")
                #expect(probe.frame.contains("true") == false)
            }
            let answers = bench.answers.count
            bot.send(#"{"status":"ok","retcode":0,"data":{"online":true,"good":true},"echo":\#(second.token)}"#)
            try await eventually("the bot is back", read: { bench.bots.silent }) { $0 == [] }
            #expect(bench.answers.count == answers)
            #expect(bench.log.entries.contains { $0.message.contains("answers again") })
            try await bench.call(10001, #"{"action":"get_group_list"}"#)
            try await eventually("clients' actions reach the bot again", read: { bot.unread }) { frames in
                frames.contains { $0.contains("get_group_list") }
            }
        }
    }

    @Test("an answer that comes late shows that it is back")
    func lateAnswer() async throws {
        try await BotBench.run(Array(Self.unprobed)) { bench in
            let (bot, tokens) = try await silentBot(bench)
            #expect(try await retcode(bench) == 1503)
            bot.send(#"{"status":"ok","retcode":0,"echo":\#(tokens[0])}"#)
            try await eventually("the bot is back", read: { bench.bots.silent }) { $0 == [] }
            #expect(try await retcode(bench) == 1504, "it is asked again")
            #expect(bench.bots.silent == [], "one timeout is not two")
        }
    }

    @Test("an event is no answer")
    func event() async throws {
        try await BotBench.run(Array(Self.unprobed)) { bench in
            let (bot, _) = try await silentBot(bench)
            bot.send(BotBench.event(10001, 1))
            _ = try await bench.events(count: 1)
            #expect(try await retcode(bench) == 1503)
        }
    }

    @Test("a new connection is asked again, and a bot that is gone is no silent one")
    func newLink() async throws {
        try await BotBench.run(Array(Self.unprobed)) { bench in
            let (old, _) = try await silentBot(bench)
            let new = try await bench.dialIn(selfID: 10001)
            _ = try await old.waitForEnding()
            try await bench.call(10001, #"{"action":"a"}"#)
            #expect(try await new.nextAction().name == "a")
            #expect(bench.bots.silent == [])
            new.abort()
            try await bench.untilOffline(10001)
            #expect(bench.bots.silent == [])
        }
    }

    @Test("an action that was refused may come again under its id, and is answered again")
    func again() async throws {
        try await BotBench.run(Array(Self.unprobed)) { bench in
            _ = try await silentBot(bench)
            for _ in 1...2 {
                let call = try await bench.call(10001, #"{"action":"get_status"}"#, messageID: "stored")
                let answer = try JSONObject(ByteBuffer(string: try await bench.answer(to: call.id)))
                #expect(answer["retcode"]?.int64 == 1503)
            }
        }
    }

    @Test("with breaker.timeouts at 0 every action is tried")
    func off() async throws {
        try await BotBench.run([("action_timeout", "100ms"), ("breaker.timeouts", "0")]) { bench in
            _ = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            for _ in 1...8 { #expect(try await retcode(bench) == 1504) }
            #expect(bench.bots.silent == [])
        }
    }

    @Test("what waits for its turn fails when the bot turns out not to answer")
    func waiting() async throws {
        try await BotBench.run(
            Array(Self.unprobed) + [("pacing.bot", "1/min"), ("pacing.actions", "paced")]
        ) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let first = try await bench.call(10001, #"{"action":"paced"}"#)
            let waits = try await bench.call(10001, #"{"action":"paced","echo":5}"#)
            _ = try await bench.call(10001, #"{"action":"other"}"#)
            let answer = try JSONObject(ByteBuffer(string: try await bench.answer(to: waits.id)))
            #expect(answer["retcode"]?.int64 == 1503)
            #expect(answer.carriedOut == "no")
            #expect(answer["echo"]?.int64 == 5)
            #expect(try await bench.answer(to: first.id).contains("1504"))
            try await eventually("the bot got what passed, and no more", read: { bot.unread }) { $0.count >= 2 }
            #expect(bot.unread.count == 2)
        }
    }
}
