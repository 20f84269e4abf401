import Bus
import Contracts
import Logging
import NIOCore
import OneBot
import TestSupport
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("BotLink: a bot between its socket and the bus", .timeLimit(.minutes(1)))
struct BotLinkTests {
    private func message(_ delivery: Delivery) -> String { String(buffer: delivery.body) }

    @Test("events arrive as the bot sent them, in order, numbered without holes; its lifecycle is kept back")
    func events() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            bot.send([
                #"{"time":1,"self_id":10001,"post_type":"meta_event","meta_event_type":"lifecycle","sub_type":"connect"}"#,
                BotBench.event(10001, 1),
                #"{"time":2,"self_id":10001,"post_type":"meta_event","meta_event_type":"heartbeat","status":{},"interval":5000}"#,
                #"{"post_type":"notice","notice_type":"x y","self_id":null,"echo":1}"#,
            ])
            let events = try await bench.events(count: 3)
            #expect(message(events[0]) == BotBench.event(10001, 1))
            #expect(
                events.map(\.routingKey.text) == [
                    "10001.message.group.normal", "10001.meta_event.heartbeat._", "10001.notice._._",
                ])
            #expect(try JSONObject(events[2].body)["self_id"]?.int64 == 10001)
            #expect(try JSONObject(events[2].body)["echo"] == nil)
            let epoch = try #require(bench.bot(10001)?.epoch)
            #expect(events.map(\.properties.messageID) == (1...3).map { "\(epoch)-\($0)" })
            #expect(events.allSatisfy { $0.properties.type == "event" && $0.properties.isPersistent })
            #expect(events.allSatisfy { $0.properties.appID == "ws-edge" && $0.properties.timestamp != nil })
        }
    }

    @Test("an action reaches the bot with our token, and the answer has the asker's echo back")
    func action() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let call = try await bench.call(
                10001, #"{"action":"send_msg","params":{"user_id":12345678901234567890},"echo":{"a":[1.0]}}"#)
            #expect(call.outcome == .confirmed)
            let action = try await bot.nextAction()
            #expect(
                action.frame
                    == #"{"action":"send_msg","params":{"user_id":12345678901234567890},"echo":\#(action.token)}"#)
            bot.send(#"{"status":"ok","retcode":0,"data":{"message_id":-5},"echo":\#(action.token)}"#)
            #expect(
                try await bench.answer(to: call.id)
                    == #"{"status":"ok","retcode":0,"data":{"message_id":-5},"echo":{"a":[1.0]}}"#)
            #expect(bench.answers[0].properties.type == "response")
        }
    }

    @Test("a bot that answers twice, with an unknown echo or with nonsense answers each action once")
    func unrulyAnswers() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let call = try await bench.call(10001, #"{"action":"a","echo":7}"#)
            let token = try await bot.nextAction().token
            bot.send([
                "nonsense", "[1,2]", "", "null", "{}", #"{"post_type":7}"#,
                #"{"status":"ok","retcode":0,"echo":7}"#, #"{"status":"ok","retcode":0,"echo":"p-999"}"#,
                #"{"status":"ok","retcode":0}"#,
                #"{"status":"ok","retcode":0,"echo":\#(token)}"#, #"{"status":"ok","retcode":0,"echo":\#(token)}"#,
                BotBench.event(10001, 1),
            ])
            _ = try await bench.events(count: 1)
            #expect(try await bench.answer(to: call.id) == #"{"status":"ok","retcode":0,"echo":7}"#)
            #expect(bench.answers.count == 1)
            #expect(
                bench.log.entries.contains { $0.level == .warning && $0.message.contains("neither event nor response") }
            )
        }
    }

    @Test("an action without a reply address is carried out, its answer dropped")
    func noReplyAddress() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            try await bench.call(10001, #"{"action":"a"}"#, replyTo: nil)
            let token = try await bot.nextAction().token
            bot.send(#"{"status":"ok","retcode":0,"echo":\#(token)}"#, BotBench.event(10001, 1))
            _ = try await bench.events(count: 1)
            #expect(bench.answers.isEmpty)
        }
    }

    @Test(
        "what is no action is answered 1400 and not sent",
        arguments: ["nonsense", "[]", #"{"echo":"e"}"#, #"{"action":5,"echo":"e"}"#])
    func noAction(frame: String) async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let call = try await bench.call(10001, frame)
            let answer = try JSONObject(ByteBuffer(string: try await bench.answer(to: call.id)))
            #expect(answer["retcode"]?.int64 == 1400)
            #expect(answer["echo"]?.string == (frame.contains("echo") ? "e" : nil))
            #expect(bot.unread.isEmpty)
        }
    }

    @Test("a bot that is not connected has no queue: an action to it is unroutable at once")
    func absentBot() async throws {
        try await BotBench.run { bench in
            #expect(try await bench.call(10001, #"{"action":"a"}"#).outcome == .unroutable)
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            bot.close()
            try await eventually("the queue is gone") {
                try await bench.call(10001, #"{"action":"a"}"#).outcome == .unroutable
            }
        }
    }

    @Test("a bot lost in the middle of a call ends the call at once, and its return starts a new epoch")
    func lostBot() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let first = try #require(bench.bot(10001)?.epoch)
            let call = try await bench.call(10001, #"{"action":"slow","echo":"e"}"#)
            let token = try await bot.nextAction().token
            bot.abort()
            let answer = try JSONObject(ByteBuffer(string: try await bench.answer(to: call.id)))
            #expect(answer["retcode"]?.int64 == 1503)
            #expect(answer.carriedOut == "unknown")
            #expect(answer.retryAfterMilliseconds == nil)
            #expect(answer["echo"]?.string == "e")
            #expect(answer["msg"]?.string?.contains("may have been carried out") == true)
            try await bench.untilOffline(10001)

            let again = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            // The answer to the old link's action comes late, on the new link.
            again.send(#"{"status":"ok","retcode":0,"echo":\#(token)}"#, BotBench.event(10001, 1))
            let event = try await bench.events(count: 1)[0]
            let second = try #require(bench.bot(10001)?.epoch)
            #expect(second > first)
            #expect(event.properties.messageID == "\(second)-1")
            #expect(bench.answers.count == 1)
            #expect(bench.reported.map(\.isOnline) == [true, false, true])
        }
    }

    @Test("a bot that does not answer in time: 1504 with the echo; its late answer is dropped")
    func slowBot() async throws {
        try await BotBench.run([("action_timeout", "100ms")]) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let call = try await bench.call(10001, #"{"action":"slow","echo":null}"#)
            let token = try await bot.nextAction().token
            let answer = try JSONObject(ByteBuffer(string: try await bench.answer(to: call.id)))
            #expect(answer["retcode"]?.int64 == 1504)
            #expect(answer.carriedOut == "unknown")
            #expect(answer.retryAfterMilliseconds == nil)
            #expect(answer["echo"]?.isNull == true)
            bot.send(#"{"status":"ok","retcode":0,"echo":\#(token)}"#, BotBench.event(10001, 1))
            _ = try await bench.events(count: 1)
            #expect(bench.answers.count == 1)
        }
    }

    @Test("an API and an Event connection make one bot")
    func pair() async throws {
        try await BotBench.run { bench in
            let event = try await bench.dialIn(selfID: 10001, role: "Event")
            try await bench.untilOnline(10001)
            let early = try await bench.call(10001, #"{"action":"a"}"#)
            #expect(early.outcome == .unroutable, "nobody takes actions yet: who asks knows at once")
            let api = try await bench.dialIn(selfID: 10001, role: "API")
            // An event on the API connection is not published: that connection carries no events.
            api.send(BotBench.event(10001, 0))
            event.send(BotBench.event(10001, 1))
            let published = try await bench.events(count: 1)
            #expect(message(published[0]) == BotBench.event(10001, 1))
            try await eventually("an action reaches the API connection") {
                try await bench.call(10001, #"{"action":"b"}"#)
                return !api.unread.isEmpty
            }
            api.send(#"{"status":"ok","retcode":0,"echo":\#(try await api.nextAction().token)}"#)
            try await eventually("it is answered") { bench.answers.contains { String(buffer: $0.body).contains("ok") } }
            #expect(event.unread.isEmpty)
        }
    }

    @Test("the newest connection of a bot wins; the old one is closed with a reason and its calls end")
    func newestWins() async throws {
        try await BotBench.run { bench in
            let old = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let epoch = try #require(bench.bot(10001)?.epoch)
            let call = try await bench.call(10001, #"{"action":"a","echo":1}"#)
            _ = try await old.nextAction()
            old.send(BotBench.event(10001, 1))
            _ = try await bench.events(count: 1)

            let new = try await bench.dialIn(selfID: 10001)
            let ending = try await old.waitForEnding()
            #expect(ending.code == 1008)
            #expect(ending.reason == "replaced by a newer connection of bot 10001")
            #expect(try await bench.answer(to: call.id).contains("1503"))
            let next = try await bench.call(10001, #"{"action":"b"}"#)
            #expect(next.outcome == .confirmed)
            let token = try await new.nextAction().token
            new.send(BotBench.event(10001, 2), #"{"status":"ok","retcode":0,"echo":\#(token)}"#)
            _ = try await bench.answer(to: next.id)
            let events = try await bench.events(count: 2)
            let second = try #require(bench.bot(10001)?.epoch)
            #expect(second > epoch)
            #expect(events.map(\.properties.messageID) == ["\(epoch)-1", "\(second)-1"])
            // Its identity is found out, then it stays online.
            #expect(bench.reported.dropFirst().filter { !$0.isOnline }.isEmpty)
        }
    }

    @Test("a bot that does not say who it is, is asked; what it sent before is published then")
    func learning() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn()
            bot.send(#"{"post_type":"notice","notice_type":"early"}"#)
            let question = try await bot.nextAction()
            #expect(question.name == "get_login_info")
            bot.send(#"{"status":"failed","retcode":1404,"data":null,"echo":\#(question.token)}"#)
            let second = try await bot.nextAction()
            bot.send(#"{"status":"ok","retcode":0,"data":{"user_id":10001},"echo":\#(second.token)}"#)
            try await bench.untilOnline(10001)
            let events = try await bench.events(count: 1)
            #expect(events[0].routingKey == "10001.notice.early._")
            #expect(bench.answers.isEmpty)
        }
    }

    @Test("an event tells who the bot is, and is published")
    func learningFromEvent() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(role: "Event")
            bot.send(BotBench.event(10001, 1), BotBench.event(10002, 2))
            let events = try await bench.events(count: 2)
            #expect(events.map(\.routingKey.text) == Array(repeating: "10001.message.group.normal", count: 2))
            #expect(message(events[1]) == BotBench.event(10002, 2))
            #expect(bench.log.entries.contains { $0.level == .warning && $0.message.contains("another self_id") })
            #expect(bot.unread.isEmpty)
        }
    }

    @Test("while the bus is behind, the bot is not read; nothing is lost or doubled")
    func backpressure() async throws {
        try await BotBench.run(eventBytes: 10_000) { bench in
            bench.acknowledgeEvents(false)
            let bot = try await bench.dialIn(selfID: 10001)
            let total = 5_000
            let padding = String(repeating: "x", count: 2_000)
            bot.send((1...total).map { #"{"self_id":10001,"post_type":"message","n":\#($0),"x":"\#(padding)"}"# })
            try await eventually("reading is paused") {
                bench.log.entries.contains { $0.message.contains("The bus is behind") }
            }
            bench.acknowledgeEvents(true)
            let events = try await bench.events(count: total)
            #expect(events.count == total)
            let numbers = try events.map { try JSONObject($0.body)["n"]?.int64 }
            #expect(numbers == (1...total).map { Int64($0) })
        }
    }

    @Test("in the place of an event over the bus's limit stands a gap")
    func tooLarge() async throws {
        try await BotBench.run(maxMessageBytes: 1_000) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            bot.send(
                BotBench.event(10001, 1),
                #"{"self_id":10001,"post_type":"message","x":"\#(String(repeating: "x", count: 1_000))"}"#,
                BotBench.event(10001, 3))
            let events = try await bench.events(count: 3)
            let epoch = try #require(bench.bot(10001)?.epoch)
            #expect(events.map(\.properties.messageID) == (1...3).map { "\(epoch)-\($0)" })
            #expect(events[1].routingKey.text == "10001.notice.event_gap._")
            #expect(try JSONObject(events[1].body)["missed"]?.int64 == 1)
        }
    }

    @Test("an answer over the bus's limit becomes 1413, with the echo")
    func answerTooLarge() async throws {
        try await BotBench.run(maxMessageBytes: 1_000) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let call = try await bench.call(10001, #"{"action":"a","echo":"e"}"#)
            let token = try await bot.nextAction().token
            bot.send(
                #"{"status":"ok","retcode":0,"data":"\#(String(repeating: "x", count: 1_000))","echo":\#(token)}"#)
            let answer = try JSONObject(ByteBuffer(string: try await bench.answer(to: call.id)))
            #expect(answer["retcode"]?.int64 == 1413)
            #expect(answer["echo"]?.string == "e")
        }
    }

    @Test("actions for a bot that does not read wait in order and are sent when it reads again")
    func botReadsSlowly() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            bot.pauseReading()
            let padding = String(repeating: "x", count: 100_000)
            let count = 100
            for number in 1...count {
                try await bench.call(10001, #"{"action":"a","params":{"n":\#(number),"x":"\#(padding)"}}"#)
            }
            bot.resumeReading()
            for number in 1...count {
                let frame = try JSONObject(ByteBuffer(string: try await bot.next()))
                #expect(frame["params"]?.object?["n"]?.int64 == Int64(number))
            }
        }
    }

    @Test("with a bot gone that did not read, each action that waited is answered")
    func slowBotGone() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            bot.pauseReading()
            let padding = String(repeating: "x", count: 100_000)
            let count = 100
            var routed = 0
            for number in 1...count {
                let call = try await bench.call(10001, #"{"action":"a","params":"\#(padding)","echo":\#(number)}"#)
                if call.outcome == .confirmed { routed += 1 }
            }
            bot.abort()
            try await bench.untilOffline(10001)
            try await eventually("each is answered", read: { bench.answers.count }) { $0 == routed }
            let answers = try bench.answers.map { try JSONObject($0.body) }
            #expect(answers.allSatisfy { $0["retcode"]?.int64 == 1503 })
            #expect(Set(answers.map(\.carriedOut)) == ["no", "unknown"], "some were sent, and some waited")
            #expect(Set(bench.answers.map(\.properties.correlationID)).count == routed)
        }
    }

    @Test("many calls at once are each answered to whoever asked")
    func manyCalls() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            var calls: [(id: String, number: Int)] = []
            for number in 1...200 {
                calls.append((try await bench.call(10001, #"{"action":"a","echo":\#(number)}"#).id, number))
            }
            var tokens: [String] = []
            for _ in calls { tokens.append(try await bot.nextAction().token) }
            #expect(Set(tokens).count == 200)
            bot.send(tokens.reversed().map { #"{"status":"ok","retcode":0,"echo":\#($0)}"# })
            for call in calls {
                #expect(try await bench.answer(to: call.id) == #"{"status":"ok","retcode":0,"echo":\#(call.number)}"#)
            }
        }
    }

    @Test("with the edge stopping, what is in flight ends and the bot is told")
    func stopping() async throws {
        let stopped = Handover<BotPeer>()
        let waiting = Handover<BotBench>()
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            try await bench.call(10001, #"{"action":"a","echo":1}"#)
            _ = try await bot.nextAction()
            stopped.set(bot)
            waiting.set(bench)
        }
        let ending = try #require(try await stopped.value?.waitForEnding())
        #expect(ending.code == 1012, "it dialled in, and is to do so again")
        #expect(ending.reason.contains("reconnect"))
        let answers = try #require(waiting.value).answers
        #expect(answers.count == 1)
        #expect(answers.first.map { String(buffer: $0.body).contains("1503") } == true)
    }
}
