import Bus
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import WSEdge

@Suite("A bot's actions wait for their turn", .timeLimit(.minutes(1)))
struct BotPacingTests {
    private func send(_ name: String) -> String {
        #"{"action":"send_msg","params":{"message":"\#(name)"},"echo":"\#(name)"}"#
    }

    private func message(_ frame: String) throws -> String? {
        try JSONObject(ByteBuffer(string: frame))["params"]?.object?["message"]?.string
    }

    private func answer(_ bench: BotBench, to id: String) async throws -> JSONObject {
        try JSONObject(ByteBuffer(string: try await bench.answer(to: id)))
    }

    @Test("others pass at once; with the link gone, each that waits is answered, with its echo")
    func othersPass() async throws {
        try await BotBench.run([("pacing.bot", "1/min")]) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            try await bench.call(10001, send("first"))
            let waiting = [
                try await bench.call(10001, send("second")).id, try await bench.call(10001, send("third")).id,
            ]
            try await bench.call(10001, #"{"action":"get_status"}"#)
            #expect(try message(try await bot.next()) == "first")
            #expect(try await bot.nextAction().name == "get_status")
            #expect(bench.answers.isEmpty)
            bot.abort()
            for (id, echo) in zip(waiting, ["second", "third"]) {
                let answer = try await answer(bench, to: id)
                #expect(answer["retcode"]?.int64 == 1503)
                #expect(answer.carriedOut == "no")
                #expect(answer["echo"]?.string == echo)
            }
        }
    }

    @Test("with another link in its place, each that waits is answered and not sent: whoever asked soon waits no more")
    func replaced() async throws {
        try await BotBench.run([("pacing.bot", "1/min"), ("pacing.bot_burst", "2")]) { bench in
            let old = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            old.send(BotBench.event(10001, 1))
            _ = try await bench.events(count: 1)
            for name in ["first", "second"] { try await bench.call(10001, send(name)) }
            let call = try await bench.call(10001, send("third"))
            let new = try await bench.dialIn(selfID: 10001)
            let answer = try await answer(bench, to: call.id)
            #expect(answer["retcode"]?.int64 == 1503)
            #expect(answer.carriedOut == "no")
            #expect(answer["echo"]?.string == "third")
            #expect(answer["msg"]?.string?.contains("not carried out") == true)
            try await bench.call(10001, #"{"action":"get_status"}"#)
            #expect(try await new.nextAction().name == "get_status")
        }
    }

    @Test("one over the bound gets 1429, its place in the queue and when to come back")
    func bound() async throws {
        try await BotBench.run([("pacing.bot", "1/min"), ("pacing.max_queued", "2")]) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            for name in ["sent", "waits", "waits too"] { try await bench.call(10001, send(name)) }
            let call = try await bench.call(10001, send("over"))
            let answer = try await answer(bench, to: call.id)
            #expect(answer["status"]?.string == "failed")
            #expect(answer["retcode"]?.int64 == 1429)
            #expect(answer.carriedOut == "no")
            #expect(answer["echo"]?.string == "over")
            let data = try #require(answer["data"]?.object)
            #expect(data["queue_position"]?.int64 == 3)
            // Two actions are before it, and one of them goes each minute after the first.
            #expect((60_000...180_000).contains(try #require(data["retry_after_ms"]?.int64)))
            #expect(try message(try await bot.next()) == "sent")
            #expect(bot.unread.isEmpty)
        }
    }

    @Test("what waits longer than pacing.max_wait, or its own expiration, gets 1429 and is not carried out")
    func tooLong() async throws {
        try await BotBench.run([("pacing.bot", "1/min"), ("pacing.max_wait", "2500ms")]) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            try await bench.call(10001, send("sent"))
            let calls = [
                try await bench.call(10001, send("waits")),
                try await bench.call(10001, send("waits less"), expiration: .seconds(2)),
            ]
            for call in calls {
                let answer = try await answer(bench, to: call.id)
                #expect(answer["retcode"]?.int64 == 1429)
                #expect(answer.carriedOut == "no")
                #expect(answer["data"]?.object?["retry_after_ms"]?.int64 ?? 0 > 0)
                #expect(answer["msg"]?.string?.contains("not carried out") == true)
            }
            #expect(
                bench.answers.map(\.properties.correlationID) == [calls[1].id, calls[0].id], "each at its own time")
            #expect(try message(try await bot.next()) == "sent")
            #expect(bot.unread.isEmpty)
        }
    }

    @Test("the bound and the time are those of waiting: the bot's own time begins when the action is sent to it")
    func timeToAnswer() async throws {
        try await BotBench.run([("pacing.bot", "20/min"), ("action_timeout", "4s")]) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let calls = [
                try await bench.call(10001, send("1")), try await bench.call(10001, send("2")),
                try await bench.call(10001, send("3")),
            ]
            // Each is answered as it comes: the third after six seconds, while the bot has four seconds for each.
            for call in calls {
                bot.send(#"{"status":"ok","retcode":0,"data":null,"echo":\#(try await bot.nextAction().token)}"#)
                #expect(try await answer(bench, to: call.id)["retcode"]?.int64 == 0)
            }
        }
    }

    @Test("a message of higher priority overtakes; a chat that must wait holds up no other")
    func priorityAndChats() async throws {
        func send(_ name: String, _ group: Int) -> String {
            #"{"action":"send_group_msg","params":{"group_id":\#(group),"message":"\#(name)"}}"#
        }
        try await BotBench.run([("pacing.bot", "1/s"), ("pacing.chat", "1/h")]) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            try await bench.call(10001, send("a", 1))
            try await bench.call(10001, send("never", 1), priority: 9)
            try await bench.call(10001, send("c", 2))
            try await bench.call(10001, send("b", 3), priority: 5)
            #expect(try message(try await bot.next()) == "a")
            #expect(try message(try await bot.next()) == "b")
            #expect(try message(try await bot.next()) == "c")
        }
    }

    @Test("each session of an edge has turns of its own, as has each program with a queue")
    func askers() {
        var properties = MessageProperties()
        #expect(WaitingActions.asker(of: properties) == "")
        properties.replyTo = "perpetua.edge.e.1"
        properties.correlationID = "c7.1"
        let first = WaitingActions.asker(of: properties)
        properties.correlationID = "c7.2"
        #expect(WaitingActions.asker(of: properties) == first)
        properties.correlationID = "c8.1"
        #expect(WaitingActions.asker(of: properties) != first)
        properties.correlationID = "gateway1"
        let gateway = WaitingActions.asker(of: properties)
        properties.correlationID = "gateway2"
        #expect(WaitingActions.asker(of: properties) == gateway)
        properties.replyTo = "perpetua.edge.e.2"
        #expect(WaitingActions.asker(of: properties) != gateway)
    }
}
