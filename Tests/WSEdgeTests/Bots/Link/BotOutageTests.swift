import Bus
import Contracts
import Logging
import NIOCore
import OneBot
import TestSupport
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("BotLink: while the bus is away", .timeLimit(.minutes(1)))
struct BotOutageTests {
    private func numbers(_ deliveries: [Delivery]) throws -> [Int64?] {
        try deliveries.map { try JSONObject($0.body)["n"]?.int64 }
    }

    @Test("what the bot sends while the bus is away arrives when it is back, in order and without a hole")
    func keeps() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            bot.send(BotBench.event(10001, 1))
            _ = try await bench.events(count: 1)
            bench.edge.bus.lose()
            try await eventually("the link knows") { bench.edge.hasLogged("they are kept") }
            bot.send((2...600).map { BotBench.event(10001, $0) })
            bench.edge.bus.restore()
            bot.send((601...700).map { BotBench.event(10001, $0) })
            let events = try await bench.events(count: 700)
            #expect(try numbers(events) == (1...700).map { Int64($0) })
            let epoch = try #require(bench.bot(10001)?.epoch)
            #expect(events.map(\.properties.messageID) == (1...700).map { "\(epoch)-\($0)" })
            #expect(try await bench.call(10001, #"{"action":"a"}"#).outcome == .confirmed)
            #expect(bot.ending == nil)
        }
    }

    @Test("what was sent and not confirmed is published again first, with its old numbers")
    func again() async throws {
        try await BotBench.run(eventBytes: 1_000) { bench in
            bench.acknowledgeEvents(false)
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let call = try await bench.call(10001, #"{"action":"a","echo":1}"#)
            let token = try await bot.nextAction().token
            // More than the queue holds and the consumer takes, so the last of them wait for their confirm. The answer
            // behind them shows that all of them are published.
            bot.send((1...200).map { BotBench.event(10001, $0) })
            bot.send(#"{"status":"ok","retcode":0,"echo":\#(token)}"#)
            _ = try await bench.answer(to: call.id)
            try await eventually("events arrive") { bench.events.count == 100 }
            bench.edge.bus.lose()
            try await eventually("the link knows") { bench.edge.hasLogged("they are kept") }
            bot.send((201...210).map { BotBench.event(10001, $0) })
            bench.edge.bus.restore()
            bench.acknowledgeEvents(true)
            let epoch = try #require(bench.bot(10001)?.epoch)
            let events = try await eventually("the last event came", read: { bench.events }) { events in
                events.last?.properties.messageID == "\(epoch)-210"
            }
            let ids = events.compactMap(\.properties.messageID)
            var order = EventOrder()
            let passed = ids.filter { id in
                switch order.verdict(on: id, of: SelfID(10001)) {
                case .pass: return true
                case .passAfterGap:
                    Issue.record("a gap before \(id)")
                    return true
                case .drop: return false
                }
            }
            #expect(passed == (1...210).map { "\(epoch)-\($0)" })
            #expect(ids.count > 210, "some came twice")
        }
    }

    @Test("an answer the bot gives while the bus is away reaches its asker")
    func answer() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let call = try await bench.call(10001, #"{"action":"a","echo":1}"#)
            let token = try await bot.nextAction().token
            bench.edge.bus.lose()
            bot.send(#"{"status":"ok","retcode":0,"echo":\#(token)}"#, BotBench.event(10001, 1))
            try await eventually("the link knows") { bench.edge.hasLogged("they are kept") }
            bench.edge.bus.restore()
            #expect(try await bench.answer(to: call.id) == #"{"status":"ok","retcode":0,"echo":1}"#)
            #expect(bench.answers[0].properties.isPersistent)
            _ = try await bench.events(count: 1)
        }
    }

    @Test(
        "a bot that leaves while the bus is away has what it said published all the same, and its queue given up after")
    func gone() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            bench.edge.bus.lose()
            try await eventually("the link knows") { bench.edge.hasLogged("they are kept") }
            bot.send(BotBench.event(10001, 1))
            bot.close()
            try await bench.untilOffline(10001)
            bench.edge.bus.restore()
            _ = try await bench.events(count: 1)
            try await eventually("the queue is gone") {
                try await bench.call(10001, #"{"action":"a"}"#).outcome == .unroutable
            }
        }
    }

    @Test("while the broker takes nothing, events are kept and actions go on being answered afterwards")
    func blocked() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            bench.edge.bus.block()
            bot.send((1...10).map { BotBench.event(10001, $0) })
            let call = try await bench.call(10001, #"{"action":"a","echo":1}"#)
            let token = try await bot.nextAction().token
            bot.send(#"{"status":"ok","retcode":0,"echo":\#(token)}"#)
            try await eventually("the link knows") { bench.edge.hasLogged("they are kept") }
            #expect(bench.events.isEmpty)
            bench.edge.bus.restore()
            #expect(try numbers(try await bench.events(count: 10)) == (1...10).map { Int64($0) })
            #expect(try await bench.answer(to: call.id).contains("ok"))
            // It is logged once, not with every attempt.
            #expect(bench.log.entries.filter { $0.message.contains("they are kept") }.count == 1)
        }
    }

    @Test("a bot that says more than is kept is read no further, and loses nothing")
    func bound() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            bench.edge.bus.lose()
            try await eventually("the link knows") { bench.edge.hasLogged("they are kept") }
            bot.send((1...6_000).map { BotBench.event(10001, $0) })
            try await eventually("it is read no further") { bench.edge.hasLogged("read no further") }
            bench.edge.bus.restore()
            let events = try await bench.events(count: 6_000)
            #expect(try numbers(events) == (1...6_000).map { Int64($0) })
        }
    }

    @Test("an action that arrives a second time is not carried out again; another asker's with the same id is")
    func repeated() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            for (replyTo, action) in [("test.inbox", "a"), ("test.inbox", "a"), ("other", "b"), ("test.inbox", "c")] {
                try await bench.call(
                    10001, #"{"action":"\#(action)"}"#, replyTo: QueueName(replyTo),
                    messageID: action == "c" ? "2" : "1")
            }
            #expect(try await bot.nextAction().name == "a")
            #expect(try await bot.nextAction().name == "b")
            #expect(try await bot.nextAction().name == "c")
        }
    }
}
