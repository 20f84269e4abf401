import Bus
import Contracts
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import WSEdge

@Suite("A bot that answers in parts", .timeLimit(.minutes(1)))
struct BotStreamTests {
    private static func frame(_ data: String, _ token: String, status: String = "ok") -> String {
        #"{"status":"\#(status)","retcode":0,"data":\#(data),"message":"","echo":\#(token),"stream":"stream-action"}"#
    }

    private static func part(_ index: Int, _ token: String) -> String {
        frame(#"{"type":"stream","data_type":"file_chunk","index":\#(index),"data":"QUJD"}"#, token)
    }

    private static func last(_ token: String) -> String { frame(#"{"type":"response","data_type":"x"}"#, token) }

    /// Sends an action, and lets the bot answer in two parts.
    private func begin(_ bench: BotBench, _ bot: BotPeer) async throws -> (id: String, token: String) {
        try await bench.untilOnline(10001)
        let call = try await bench.call(10001, #"{"action":"download_file_stream","echo":{"a":1}}"#)
        let token = try await bot.nextAction().token
        bot.send((0..<2).map { Self.part($0, token) })
        _ = try await answers(bench, 2)
        return (call.id, token)
    }

    private func answers(_ bench: BotBench, _ count: Int) async throws -> [Delivery] {
        try await eventually("\(count) answers came", read: { bench.answers }, until: { $0.count >= count })
    }

    @Test("each goes to the asker with its echo, in order; the last one is marked, an ordinary answer is not")
    func parts() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            let (id, token) = try await begin(bench, bot)
            bot.send(Self.part(2, token), Self.last(token), Self.part(3, token))
            let ordinary = try await bench.call(10001, #"{"action":"get_status","echo":"p"}"#)
            bot.send(#"{"status":"ok","echo":\#(try await bot.nextAction().token),"stream":"normal-action"}"#)
            _ = try await bench.answer(to: ordinary.id)
            let all = bench.answers
            #expect(
                all.dropLast().map { String(buffer: $0.body) }
                    == [0, 1, 2].map { Self.part($0, #"{"a":1}"#) } + [Self.last(#"{"a":1}"#)])
            #expect(all.dropLast().allSatisfy { $0.properties.correlationID == id })
            #expect(all.map(\.properties.part) == [.more, .more, .more, .last, nil])
            #expect(all.map { $0.properties.headers["x-perpetua-part"] } == ["more", "more", "more", "last", nil])
            #expect(Set(all.map(\.properties.messageID)).count == 5)
        }
    }

    @Test("an upload's requests have one answer each, marked as a stream or not")
    func upload() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            for number in 1...2 {
                let call = try await bench.call(10001, #"{"action":"upload_file_stream","echo":\#(number)}"#)
                let token = try await bot.nextAction().token
                let data = #"{"type":"stream","stream_id":"s","status":"chunk_received","received_chunks":1}"#
                bot.send(Self.frame(data, token))
                #expect(try await bench.answer(to: call.id) == Self.frame(data, "\(number)"))
            }
            #expect(bench.answers.map(\.properties.part) == [nil, nil])
        }
    }

    @Test("a bot that fails in between says so, and that ends it")
    func fails() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            let (_, token) = try await begin(bench, bot)
            bot.send(Self.frame(#"{"type":"error","data_type":"x"}"#, token, status: "failed"))
            #expect(try await answers(bench, 3).last?.properties.part == .last)
        }
    }

    @Test("with the link lost the asker gets one more: failed, with its echo, and the last")
    func linkLoss() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            let (id, _) = try await begin(bench, bot)
            bot.abort()
            let last = try #require(try await answers(bench, 3).last)
            #expect(last.properties.part == .last)
            #expect(last.properties.correlationID == id)
            let answer = try JSONObject(last.body)
            #expect(answer["retcode"]?.int64 == 1503)
            #expect(answer.carriedOut == "unknown")
            #expect(answer.retryAfterMilliseconds == nil)
            #expect(answer["echo"]?.object?["a"]?.int64 == 1)
        }
    }

    @Test("a bot that stops in between: 1504, with the echo, and the last; what it says later reaches nobody")
    func deadline() async throws {
        try await BotBench.run([("action_timeouts", "*_stream=1s")]) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            let (id, token) = try await begin(bench, bot)
            let last = try #require(try await answers(bench, 3).last)
            #expect(last.properties.part == .last)
            #expect(last.properties.correlationID == id)
            let answer = try JSONObject(last.body)
            #expect(answer["retcode"]?.int64 == 1504)
            #expect(answer.carriedOut == "unknown")
            #expect(answer.retryAfterMilliseconds == nil)
            #expect(answer["echo"]?.object?["a"]?.int64 == 1)
            bot.send(Self.part(2, token), BotBench.event(10001, 1))
            _ = try await bench.events(count: 1)
            #expect(bench.answers.count == 3)
        }
    }

    @Test("a part too large for the bus ends it: 1413, and nothing more")
    func tooLarge() async throws {
        try await BotBench.run(maxMessageBytes: 1000) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            let (_, token) = try await begin(bench, bot)
            let data = String(repeating: "A", count: 1000)
            bot.send(
                Self.frame(#"{"type":"stream","data_type":"x","data":"\#(data)"}"#, token), Self.part(3, token),
                Self.last(token), BotBench.event(10001, 1))
            _ = try await bench.events(count: 1)
            let all = try await answers(bench, 3)
            #expect(all.count == 3)
            #expect(all[2].properties.part == .last)
            #expect(try JSONObject(all[2].body)["retcode"]?.int64 == 1413)
            #expect(try JSONObject(all[2].body)["echo"]?.object?["a"]?.int64 == 1)
        }
    }

    @Test("where the asker's queue is gone the rest is dropped, and the bot is served on")
    func askerGone() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            try await bench.call(10001, #"{"action":"download_file_stream"}"#, replyTo: "nobody")
            let token = try await bot.nextAction().token
            bot.send((0..<100).map { Self.part($0, token) } + [Self.last(token)])
            let call = try await bench.call(10001, #"{"action":"get_status","echo":1}"#)
            bot.send(#"{"status":"ok","echo":\#(try await bot.nextAction().token)}"#)
            #expect(try await bench.answer(to: call.id) == #"{"status":"ok","echo":1}"#)
            #expect(bench.answers.count == 1)
        }
    }
}
