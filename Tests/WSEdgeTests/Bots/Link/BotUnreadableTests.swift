import Bus
import Contracts
import Logging
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import WSEdge
@testable import WebSocketTransport

@Suite("Bots whose frames cannot be read, or kept", .timeLimit(.minutes(2)))
struct BotUnreadableTests {
    private static let small = [(key: "max_message_size", value: "64KiB")]
    private static let padding = String(repeating: "x", count: 300 << 10)

    private func expectGap(_ delivery: Delivery, missed: Int64 = 1) throws {
        #expect(delivery.routingKey.text == "10001.notice.event_gap._")
        #expect(delivery.properties.type == "event_gap")
        let gap = try JSONObject(delivery.body)
        #expect(gap["notice_type"]?.string == "event_gap")
        #expect(gap["missed"]?.int64 == missed)
        #expect(gap["self_id"]?.int64 == 10001)
    }

    // MARK: Half an emoji

    @Test(
        "events that hold what is odd and valid pass byte for byte",
        arguments: [#""\ud83d""#, "1e999", #"{"\udc00":1,"\udc00":2}"#, "[[[[]]]]"])
    func odd(_ value: String) async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            let event = #"{"self_id":10001,"post_type":"message","message_type":"group","x":\#(value)}"#
            bot.send(event)
            #expect(try await String(buffer: bench.events(count: 1)[0].body) == event)
        }
    }

    @Test("an answer that holds half an emoji passes byte for byte, but for its echo; so does an action")
    func answer() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let call = try await bench.call(10001, #"{"action":"a","params":"\ud83d","echo":"\ude00"}"#)
            let (_, token, frame) = try await bot.nextAction()
            #expect(frame == #"{"action":"a","params":"\ud83d","echo":\#(token)}"#)
            bot.send(#"{"status":"ok","data":{"nickname":"a\ud83d"},"echo":\#(token)}"#)
            #expect(
                try await bench.answer(to: call.id) == #"{"status":"ok","data":{"nickname":"a\ud83d"},"echo":"\ude00"}"#
            )
        }
    }

    // MARK: What cannot be read

    @Test(
        "an answer that cannot be read is answered at once, with the asker's echo, and is a sign of life to the breaker"
    )
    func brokenAnswer() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            for number in 1...7 {
                let call = try await bench.call(10001, #"{"action":"get_x","echo":{"n":\#(number)}}"#)
                let token = try await bot.nextAction().token
                bot.send(#"{"status":"ok","data":{"x":NaN},"echo":\#(token)}"#)
                let answer = try JSONObject(ByteBuffer(string: try await bench.answer(to: call.id)))
                #expect(answer["status"]?.string == "failed")
                #expect(answer["retcode"]?.int64 == 1502)
                #expect(answer.carriedOut == "unknown")
                #expect(answer["echo"].map { String(buffer: $0.bytes) } == #"{"n":\#(number)}"#)
                #expect(answer["msg"]?.string?.contains("get_x") == true)
            }
            #expect(bench.events.isEmpty)
        }
    }

    @Test("an event that cannot be read is a gap at once, also where it is the link's first; what follows is in order")
    func brokenEvent() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            bot.send(#"{"self_id":10001,"post_type":"message","x":NaN}"#)
            try expectGap(try await bench.events(count: 1)[0])
            bot.send(BotBench.event(10001, 2), #"{"post_type":"message""#, BotBench.event(10001, 4))
            let events = try await bench.events(count: 4)
            let epoch = try #require(bench.bot(10001)?.epoch)
            #expect(events.map(\.properties.messageID) == (1...4).map { "\(epoch)-\($0)" })
            try expectGap(events[2])
        }
    }

    @Test("what is no object is neither event nor answer: it is ignored, and said once")
    func noObject() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            bot.send("ping", "", "[1]", "null", BotBench.event(10001, 1))
            let events = try await bench.events(count: 1)
            #expect(String(buffer: events[0].body) == BotBench.event(10001, 1))
            let said = bench.log.entries.filter {
                $0.message.contains("neither event nor response") && $0.level == .warning
            }
            #expect(said.count == 1)
        }
    }

    @Test("a frame that cannot be read is a sign of life: who sent one does not hang, and who sent nothing does")
    func signOfLife() async throws {
        var timing = BotBench.quick
        timing.leastSilence = .seconds(4)
        try await BotBench.run(timing: timing) { bench in
            // The bot that is to stay alive is the first whose time would be over.
            let bots = (try await bench.dialIn(selfID: 10001), try await bench.dialIn(selfID: 10002))
            let heartbeat = #"{"post_type":"meta_event","meta_event_type":"heartbeat","status":{},"interval":100}"#
            bots.0.send(heartbeat)
            _ = try await bench.events(count: 1)
            bots.1.send(heartbeat)
            let half = ContinuousClock.now + .seconds(2)
            try await eventually("half the time passes") { ContinuousClock.now >= half }
            bots.0.send(#"{"post_type":"message","x":NaN}"#)
            #expect(try await bots.1.waitForEnding().code == 1008)
            #expect(bots.0.ending == nil)
        }
    }

    @Test("a frame that cannot be read and came before the bot was known is declared when it is")
    func beforeKnown() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn()
            bot.send(#"{"post_type":"message","x":NaN}"#, BotBench.event(10001, 2))
            let events = try await bench.events(count: 2)
            try expectGap(events[0])
            #expect(String(buffer: events[1].body) == BotBench.event(10001, 2))
        }
    }

    @Test("events there was no room for before the bot was known are declared, with their number")
    func noRoomBeforeKnown() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn()
            bot.send((1...300).map { #"{"post_type":"message","n":\#($0)}"# })
            bot.send(BotBench.event(10001, 301))
            let events = try await bench.events(count: 258)
            try expectGap(events[256], missed: 44)
            #expect(String(buffer: events[257].body) == BotBench.event(10001, 301))
        }
    }

    @Test(
        "binary that is no text, and text that is not UTF-8, cost no event beside them",
        arguments: [FrameHeader.Opcode.binary, .text])
    func notUTF8(opcode: FrameHeader.Opcode) async throws {
        let server = try await BotPeerServer.start()
        try await BotBench.run([("bots[0].url", server.url), ("bots[0].self_id", "10001")]) { bench in
            let bot = try await server.nextPeer()
            bot.send(BotBench.event(10001, 1))
            bot.send(raw: FrameHeader.frame(opcode, ByteBuffer(bytes: [0xFF, 0xD8, 0xFF]), maskingKey: nil))
            bot.send(BotBench.event(10001, 2))
            // This one might have been an event.
            var broken = ByteBuffer(string: #"{"post_type":"message","x":""#)
            broken.writeBytes([0xFF, 0x22, 0x7D])
            bot.send(raw: FrameHeader.frame(opcode, broken, maskingKey: nil))
            bot.send(BotBench.event(10001, 4))
            let events = try await bench.events(count: 4)
            #expect(String(buffer: events[1].body) == BotBench.event(10001, 2))
            try expectGap(events[2])
            #expect(String(buffer: events[3].body) == BotBench.event(10001, 4))
            #expect(bot.ending == nil)
        }
        await server.stop()
    }

    // MARK: What is too large

    @Test(
        "an answer over the limit is 1413 at once with the asker's echo, wherever the bot writes its own; the link lives on",
        arguments: 0...2)
    func largeAnswer(place: Int) async throws {
        try await BotBench.run(Self.small) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let call = try await bench.call(10001, #"{"action":"get_file","echo":[1]}"#)
            let token = try await bot.nextAction().token
            let data = #""data":{"echo":1,"t":"\#(Self.padding)"}"#
            var members = [data, #""status":"ok""#, #""more":"\#(Self.padding)""#]
            members.insert(#""echo":\#(token)"#, at: place == 2 ? 3 : place)
            bot.send("{\(members.joined(separator: ","))}")
            let answer = try JSONObject(ByteBuffer(string: try await bench.answer(to: call.id)))
            #expect(answer["retcode"]?.int64 == 1413)
            #expect(answer["echo"].map { String(buffer: $0.bytes) } == "[1]")
            let next = try await bench.call(10001, #"{"action":"get_status"}"#)
            bot.send(#"{"status":"ok","echo":\#(try await bot.nextAction().token)}"#)
            #expect(try await bench.answer(to: next.id) == #"{"status":"ok"}"#)
            #expect(bench.events.isEmpty)
        }
    }

    @Test("so it is with a bot that is dialled, where its echo stands in the middle and nothing else of it is kept")
    func largeAnswerOfDialled() async throws {
        let server = try await BotPeerServer.start()
        let flags = Self.small + [("bots[0].url", server.url), ("bots[0].self_id", "10001")]
        try await BotBench.run(flags) { bench in
            let bot = try await server.nextPeer()
            try await bench.untilOnline(10001)
            let call = try await bench.call(10001, #"{"action":"get_file","echo":[1]}"#)
            let token = try await bot.nextAction().token
            bot.send(#"{"data":"\#(Self.padding)","echo":\#(token),"more":"\#(Self.padding)"}"#)
            let answer = try JSONObject(ByteBuffer(string: try await bench.answer(to: call.id)))
            #expect(answer["retcode"]?.int64 == 1413)
            #expect(answer["echo"].map { String(buffer: $0.bytes) } == "[1]")
            #expect(bench.events.isEmpty)
        }
        await server.stop()
    }

    @Test("an event over the limit is a gap at once, also the link's first, and the link lives on")
    func largeEvent() async throws {
        try await BotBench.run(Self.small) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            bot.send(#"{"self_id":10001,"post_type":"message","x":"\#(Self.padding)"}"#)
            try expectGap(try await bench.events(count: 1)[0])
            bot.send(BotBench.event(10001, 2))
            #expect(try await String(buffer: bench.events(count: 2)[1].body) == BotBench.event(10001, 2))
            #expect(bot.ending == nil)
        }
    }

    @Test("an event that grows over the limit by what is added to it is a gap in its place")
    func grownEvent() async throws {
        try await BotBench.run(Self.small) { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            let bare = #"{"post_type":"message","x":""}"#
            let text = String(repeating: "x", count: (64 << 10) - bare.utf8.count)
            bot.send(#"{"post_type":"message","x":"\#(text)"}"#, BotBench.event(10001, 2))
            let events = try await bench.events(count: 2)
            try expectGap(events[0])
            #expect(String(buffer: events[1].body) == BotBench.event(10001, 2))
        }
    }

    @Test("a large first frame is kept until the bot is known")
    func largeFirst() async throws {
        try await BotBench.run(maxMessageBytes: 64 << 20) { bench in
            let bot = try await bench.dialIn()
            let event = #"{"self_id":10001,"post_type":"message","x":"\#(String(repeating: "x", count: 20 << 20))"}"#
            bot.send(event)
            let events = try await bench.events(count: 1)
            #expect(events[0].body.readableBytes == event.utf8.count)
        }
    }

    // MARK: Actions

    @Test("an action that cannot be read and came over the bus is answered with the echo that is found in it")
    func brokenAction() async throws {
        try await BotBench.run { bench in
            _ = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let call = try await bench.call(10001, #"{"action":"a","params":{"x":NaN},"echo":{"e":1}}"#)
            let answer = try JSONObject(ByteBuffer(string: try await bench.answer(to: call.id)))
            #expect(answer["retcode"]?.int64 == 1400)
            #expect(answer["echo"].map { String(buffer: $0.bytes) } == #"{"e":1}"#)
        }
    }
}
