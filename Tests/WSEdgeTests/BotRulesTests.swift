import NIOCore
import NIOHTTP1
import OneBot
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("BotIdentity")
struct BotIdentityTests {
    private func frame(_ text: String) -> BotFrame { BotFrame(parsing: ByteBuffer(string: text)) }

    /// The echo of our question.
    private func login(_ question: ByteBuffer?) throws -> String {
        let question = try JSONObject(try #require(question))
        #expect(question["action"]?.string == "get_login_info")
        return try #require(question["echo"]?.string)
    }

    @Test("any event tells who the bot is")
    func fromEvent() {
        var identity = BotIdentity(nil)
        #expect(identity.read(frame(#"{"post_type":"message","self_id":10001}"#)) == .learnt(SelfID(10001)))
        #expect(identity.read(frame(#"{"post_type":"message","self_id":10002}"#)) == .none)
        #expect(identity.selfID == SelfID(10001))
    }

    @Test("a self_id that is missing, 0 or negative tells nothing", arguments: ["0", "-1", "null", #""x""#])
    func unknownID(id: String) {
        var identity = BotIdentity(nil)
        #expect(identity.read(frame(#"{"post_type":"meta_event","self_id":\#(id)}"#)) == .none)
        #expect(identity.read(frame(#"{"post_type":"meta_event"}"#)) == .none)
        #expect(identity.selfID == nil)
    }

    @Test("the answer to our own question tells it, and is kept from clients", arguments: ["10001", #""10001""#])
    func fromAnswer(id: String) throws {
        var identity = BotIdentity(nil)
        let echo = try login(identity.question())
        let answer = frame(#"{"status":"ok","retcode":0,"data":{"user_id":\#(id)},"echo":"\#(echo)"}"#)
        #expect(identity.read(answer) == .answerToUs(SelfID(10001)))
        #expect(identity.question() == nil)
    }

    @Test(
        "a failed answer leaves the question open", arguments: ["null", "{}", #"{"user_id":0}"#, #"{"user_id":null}"#])
    func failedAnswer(data: String) throws {
        var identity = BotIdentity(nil)
        let echo = try login(identity.question())
        #expect(
            identity.read(frame(#"{"status":"failed","retcode":1,"data":\#(data),"echo":"\#(echo)"}"#))
                == .answerToUs(nil))
        #expect(identity.question() != nil)
    }

    @Test("a bot that is known is not asked")
    func known() {
        var identity = BotIdentity(SelfID(1))
        #expect(identity.question() == nil)
    }

    @Test("other answers are somebody else's")
    func otherAnswers() {
        var identity = BotIdentity(nil)
        _ = identity.question()
        #expect(identity.read(frame(#"{"status":"ok","retcode":0,"data":{"user_id":5},"echo":"p-1"}"#)) == .none)
    }
}

@Suite("HeartbeatWatch")
struct HeartbeatWatchTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("a bot without heartbeats is not watched")
    func noHeartbeats() {
        var watch = HeartbeatWatch(leastSilence: .seconds(30), at: start)
        watch.heard(at: start + .seconds(5))
        #expect(watch.deadline == nil)
    }

    @Test("three intervals of silence are too long, and never less than the least silence")
    func silence() {
        var watch = HeartbeatWatch(leastSilence: .seconds(30), at: start)
        watch.heartbeat(milliseconds: 5_000, at: start)
        #expect(watch.deadline == start + .seconds(30))
        watch.heartbeat(milliseconds: 20_000, at: start)
        #expect(watch.deadline == start + .seconds(60))
        watch.heard(at: start + .seconds(7))
        #expect(watch.deadline == start + .seconds(67))
    }

    @Test("an absurd interval is ignored", arguments: [0, -5, Int64.max, Int64.min, nil])
    func absurd(interval: Int64?) {
        var watch = HeartbeatWatch(leastSilence: .seconds(30), at: start)
        watch.heartbeat(milliseconds: interval, at: start)
        #expect(watch.deadline == nil)
    }
}

@Suite("PublishWindow")
struct PublishWindowTests {
    @Test("it fills at the count and drains below half")
    func count() {
        var window = PublishWindow(maxCount: 4, maxBytes: 1000)
        for _ in 1...3 { #expect(window.published(bytes: 1) == .none) }
        #expect(window.published(bytes: 1) == .filled)
        #expect(window.published(bytes: 1) == .none)
        #expect(window.settled(bytes: 1) == .none)
        #expect(window.settled(bytes: 1) == .none)
        #expect(window.settled(bytes: 1) == .none)
        #expect(window.settled(bytes: 1) == .drained)
        #expect(!window.isFull)
    }

    @Test("it fills at the bytes; one large message drains it when it is confirmed")
    func bytes() {
        var window = PublishWindow(maxCount: 4, maxBytes: 10)
        #expect(window.published(bytes: 50) == .filled)
        #expect(window.settled(bytes: 50) == .drained)
    }

    @Test("a window of one message works")
    func single() {
        var window = PublishWindow(maxCount: 1, maxBytes: 10)
        #expect(window.published(bytes: 1) == .filled)
        #expect(window.settled(bytes: 1) == .drained)
    }
}

@Suite("RedialBackoff")
struct RedialBackoffTests {
    @Test("waits are random below a bound that doubles up to the longest")
    func bounds() {
        for _ in 0..<50 {
            var backoff = RedialBackoff(first: .milliseconds(500), longest: .seconds(30))
            var bound = Duration.milliseconds(500)
            for _ in 0..<70 {
                let wait = backoff.next()
                #expect(wait >= .milliseconds(50) && wait <= bound)
                bound = min(bound * 2, .seconds(30))
            }
            backoff.reset()
            #expect(backoff.next() <= .milliseconds(500))
        }
    }

    @Test("the same generator gives the same waits")
    func deterministic() {
        struct Highest: RandomNumberGenerator { mutating func next() -> UInt64 { .max } }
        struct Lowest: RandomNumberGenerator { mutating func next() -> UInt64 { 0 } }
        var low = RedialBackoff(first: .seconds(1), longest: .seconds(60), generator: Lowest())
        #expect([low.next(), low.next()] == [.milliseconds(100), .milliseconds(100)])
        var high = RedialBackoff(first: .seconds(1), longest: .seconds(60), generator: Highest())
        let waits = (0..<8).map { _ in high.next() }
        #expect(waits[0] > .milliseconds(999))
        #expect(waits[7] > .milliseconds(59_999) && waits[7] <= .seconds(60))
    }
}

@Suite("LineSplitter")
struct LineSplitterTests {
    @Test("bytes become lines, however they are cut")
    func lines() {
        let output = "first\r\n\nsecond\nthird"
        for size in 1...output.utf8.count {
            var splitter = LineSplitter()
            var lines: [String] = []
            var rest = ByteBuffer(string: output)
            while rest.readableBytes > 0 {
                guard let piece = rest.readSlice(length: min(size, rest.readableBytes)) else { break }
                lines += splitter.add(piece)
            }
            if let last = splitter.finish() { lines.append(last) }
            #expect(lines == ["first", "second", "third"])
        }
    }

    @Test("a line over the bound is cut")
    func longLine() {
        var splitter = LineSplitter(maxBytes: 4)
        #expect(splitter.add(ByteBuffer(string: "123456789\nab\n")) == ["1234", "5678", "9", "ab"])
        #expect(splitter.finish() == nil)
    }

    @Test("bytes that are no UTF-8 are shown, not lost")
    func notUTF8() {
        var splitter = LineSplitter()
        #expect(splitter.add(ByteBuffer(bytes: [0x61, 0xff, 0x0a])) == ["a\u{FFFD}"])
    }
}

@Suite("DialLog")
struct DialLogTests {
    @Test("each failure names its likely cause")
    func causes() {
        #expect(
            DialLog.likelyCause(of: .cannotConnect("ws://h", reason: "Connection refused (111)")).contains("running"))
        #expect(DialLog.likelyCause(of: .refused("ws://h", status: 401, body: "")).contains("access_token"))
        #expect(DialLog.likelyCause(of: .refused("ws://h", status: 403, body: "")).contains("access_token"))
        #expect(DialLog.likelyCause(of: .refused("ws://h", status: 404, body: "")).contains("path"))
        #expect(DialLog.likelyCause(of: .refused("ws://h", status: 200, body: "")).contains("HTTP"))
        #expect(DialLog.likelyCause(of: .refused("ws://h", status: 426, body: "")).contains("HTTP"))
    }
}
