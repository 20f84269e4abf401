import Bus
import NIOCore
import OneBot
import Testing

@testable import WSEdge

@Suite("EchoTable")
struct EchoTableTests {
    @Test("those that are late and were sent since a moment are counted")
    func countExpiring() throws {
        var table = EchoTable(bot: SelfID(1))
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        let frame = try JSONObject(ByteBuffer(string: #"{"action":"a"}"#))
        for second in Int64(0)..<3 {
            _ = table.replace(
                echoOf: frame, action: "a", replyTo: nil, correlationID: nil, timeout: .seconds(10),
                at: start + .seconds(second))
        }
        #expect(table.countExpiring(at: start + .seconds(11), sentSince: start) == 2)
        #expect(table.countExpiring(at: start + .seconds(12), sentSince: start + .seconds(1)) == 2)
        #expect(table.countExpiring(at: start + .seconds(9), sentSince: start) == 0)
    }

    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private var table = EchoTable(bot: SelfID(10001))

    /// Sends an action and returns the frame for the bot.
    private mutating func send(
        _ frame: String, replyTo: QueueName? = "inbox", correlationID: String? = "c1", timeout: Duration = .seconds(60),
        after: Duration = .zero
    ) throws -> String {
        let object = try JSONObject(ByteBuffer(string: frame))
        let action = try #require(object["action"]?.string)
        return String(
            buffer: table.replace(
                echoOf: object, action: action, replyTo: replyTo, correlationID: correlationID, timeout: timeout,
                at: start + TimeAmount(after)))
    }

    /// The bot's answer with that echo (JSON), as it comes back to the asker.
    private mutating func answer(_ response: String) -> EchoTable.Answer? {
        guard case .response(let response) = BotFrame(parsing: ByteBuffer(string: response)) else {
            Issue.record("no response: \(response)")
            return nil
        }
        return table.restore(response)
    }

    private func text(_ answer: EchoTable.Answer?) -> String? { answer.map { String(buffer: $0.body) } }

    @Test("a frame that cannot be read ends the action whose token is found in it, once, and no other")
    mutating func fails() throws {
        let sent = try [1, 2, 3].map { try send(#"{"action":"a\#($0)","echo":[\#($0)]}"#, correlationID: "c\($0)") }
        let token = try #require(try JSONObject(ByteBuffer(string: sent[1]))["echo"]?.string)
        let frame = { (text: String) in UnreadableFrame(.invalid("x"), head: ByteBuffer(string: text)) }
        let unreadable = { (action: String) in Response.failed(.unreadableAnswer, action) }
        guard case .answer(let answer) = table.fail(frame(#"{"data":NaN,"echo":"\#(token)"}"#), unreadable) else {
            Issue.record("the token was not found")
            return
        }
        #expect(answer.asker.correlationID == "c2")
        let body = try JSONObject(answer.body)
        #expect(body["echo"].map { String(buffer: $0.bytes) } == "[2]")
        #expect(body["retcode"]?.int64 == 1502)
        #expect(body["msg"]?.string == "a2")
        #expect(table.count == 2)
        guard case .late = table.fail(frame(#"{"data":NaN,"echo":"\#(token)"}"#), unreadable) else {
            Issue.record("it was ended before")
            return
        }
        for text in [#"{"echo":"p-","x":NaN}"#, #"{"echo":"x","x":NaN}"#, #"{"post_type":"message","x":NaN}"#] {
            guard case .noAnswer = table.fail(frame(text), unreadable) else {
                Issue.record("\(text) was taken for an answer")
                return
            }
        }
        #expect(table.count == 2)
    }

    @Test("a large frame is not kept alive by its echo")
    func largeFrame() throws {
        let frame = try JSONObject(
            ByteBuffer(string: #"{"x":"\#(String(repeating: "a", count: 1 << 20))","echo":"e"}"#))
        let asker = EchoTable.Asker(replyTo: nil, correlationID: nil, echo: frame["echo"]?.bytes, trace: nil)
        let echo = try #require(asker.echo)
        #expect(echo == ByteBuffer(string: #""e""#))
        #expect(echo.storageCapacity < 1024)
    }

    @Test(
        "an echo comes back byte for byte",
        arguments: [
            #""123""#, "123", "-1.50e+3", "12345678901234567890123", "null", "true", "false",
            #"{"a": [1, {"echo":2}] }"#,
            "[ ]", #""\u0041\/é😀""#, #""""#, #""p-1""#, #""p-2""#, "0.10",
        ])
    mutating func echoComesBack(echo: String) throws {
        let sent = try send(#"{"action":"get_status", "echo" : \#(echo) ,"params":{}}"#)
        #expect(sent == #"{"action":"get_status", "echo" : "p-1" ,"params":{}}"#)
        let answer = answer(#"{"status":"ok","retcode":0,"data":{"echo":"p-1"},"echo":"p-1"}"#)
        #expect(text(answer) == #"{"status":"ok","retcode":0,"data":{"echo":"p-1"},"echo":\#(echo)}"#)
        #expect(answer?.asker.replyTo == "inbox")
        #expect(answer?.asker.correlationID == "c1")
        #expect(table.count == 0)
        #expect(table.isFull == false)
    }

    @Test("an action without echo is answered without one")
    mutating func noEcho() throws {
        #expect(try send(#"{"action":"a","params":{"echo":7}}"#) == #"{"action":"a","params":{"echo":7},"echo":"p-1"}"#)
        #expect(text(answer(#"{"echo":"p-1","status":"ok","retcode":0}"#)) == #"{"status":"ok","retcode":0}"#)
    }

    @Test("of duplicate echoes the last one counts")
    mutating func duplicateEchoes() throws {
        let sent = try send(#"{"echo":1,"action":"a","echo":2}"#)
        #expect(!sent.contains("1,") && sent.contains(#""echo":"p-1""#))
        #expect(text(answer(#"{"retcode":0,"echo":"p-1"}"#)) == #"{"retcode":0,"echo":2}"#)
    }

    @Test("every token is new")
    mutating func tokensDiffer() throws {
        #expect(try send(#"{"action":"a"}"#).contains(#""p-1""#))
        _ = answer(#"{"retcode":0,"echo":"p-1"}"#)
        #expect(try send(#"{"action":"a"}"#).contains(#""p-2""#))
    }

    @Test("a token a bot wrote with escapes is recognised")
    mutating func escapedToken() throws {
        _ = try send(#"{"action":"a","echo":5}"#)
        #expect(text(answer(#"{"retcode":0,"echo":"\u0070-1"}"#)) == #"{"retcode":0,"echo":5}"#)
    }

    @Test(
        "an echo that is no token of ours is dropped and counted",
        arguments: [
            "1", #""1""#, #""p-2""#, #""p-01""#, #""p-""#, #""P-1""#, #""p-1 ""#, #"["p-1"]"#, "null", #"{"p-1":1}"#,
            #""p-99999999999999999999""#, #""p-1\u0000""#, #""""#,
        ])
    mutating func unknownEcho(echo: String) throws {
        _ = try send(#"{"action":"a","echo":5}"#)
        #expect(answer(#"{"retcode":0,"echo":\#(echo)}"#) == nil)
        #expect(table.unmatched == 1)
        #expect(table.count == 1)
    }

    @Test("an answer without any echo is dropped and counted")
    mutating func answerWithoutEcho() throws {
        _ = try send(#"{"action":"a"}"#)
        #expect(answer(#"{"status":"ok","retcode":0}"#) == nil)
        #expect(table.unmatched == 1)
    }

    @Test("a second answer to one action is dropped and counted")
    mutating func doubleAnswer() throws {
        _ = try send(#"{"action":"a"}"#)
        #expect(answer(#"{"retcode":0,"echo":"p-1"}"#) != nil)
        #expect(answer(#"{"retcode":0,"echo":"p-1"}"#) == nil)
        #expect(table.unmatched == 1)
    }

    @Test("answers may come in any order")
    mutating func anyOrder() throws {
        _ = try send(#"{"action":"a","echo":"first"}"#, correlationID: "1")
        _ = try send(#"{"action":"b","echo":"second"}"#, correlationID: "2")
        #expect(answer(#"{"retcode":0,"echo":"p-2"}"#)?.asker.correlationID == "2")
        #expect(answer(#"{"retcode":0,"echo":"p-1"}"#)?.asker.correlationID == "1")
    }

    @Test("what is past its deadline is answered 1504, with its echo, and its late answer is dropped")
    mutating func expiry() throws {
        _ = try send(#"{"action":"slow","echo":{"n":1}}"#, timeout: .seconds(60))
        _ = try send(#"{"action":"upload_file"}"#, timeout: .seconds(600))
        _ = try send(#"{"action":"later"}"#, timeout: .seconds(60), after: .seconds(30))
        #expect(table.nextDeadline == start + .seconds(60))
        #expect(table.expire(at: start + .seconds(59)).isEmpty)
        let expired = table.expire(at: start + .seconds(60))
        #expect(expired.count == 1)
        let body = try #require(text(expired.first))
        #expect(body.hasPrefix(#"{"status":"failed","retcode":1504,"data":{"carried_out":"unknown"},"msg":"#))
        #expect(body.contains("slow") && body.contains("may have been carried out"))
        #expect(body.hasSuffix(#""echo":{"n":1}}"#))
        #expect(table.nextDeadline == start + .seconds(90))
        #expect(answer(#"{"retcode":0,"echo":"p-1"}"#) == nil)
    }

    @Test("with the link lost everything in flight is answered 1503, in order")
    mutating func linkLoss() throws {
        for number in 1...20 { _ = try send(#"{"action":"a","echo":\#(number)}"#, correlationID: "\(number)") }
        let lost = table.failAll()
        #expect(lost.map(\.asker.correlationID) == (1...20).map { "\($0)" })
        let body = try #require(text(lost.first))
        #expect(body.hasPrefix(#"{"status":"failed","retcode":1503,"data":{"carried_out":"unknown"},"msg":"#))
        #expect(body.contains("may have been carried out"))
        #expect(body.hasSuffix(#""echo":1}"#))
        #expect(table.count == 0)
        #expect(table.nextDeadline == nil)
    }

    @Test("an action nobody waits for is tracked all the same")
    mutating func noReplyAddress() throws {
        _ = try send(#"{"action":"a"}"#, replyTo: nil, correlationID: nil)
        let answer = answer(#"{"retcode":0,"echo":"p-1"}"#)
        #expect(answer != nil)
        #expect(answer?.asker.replyTo == nil)
    }

    @Test("the table is full at its bounds of entries and of echo bytes, and no longer when answered")
    func bounds() throws {
        var byCount = EchoTable(bot: SelfID(1), maxCount: 2)
        var byBytes = EchoTable(bot: SelfID(1), maxEchoBytes: 10)
        let frame = try JSONObject(ByteBuffer(string: #"{"action":"a","echo":"12345678"}"#))
        for expected in [false, true] {
            _ = byCount.replace(
                echoOf: frame, action: "a", replyTo: nil, correlationID: nil, timeout: .seconds(1), at: start)
            #expect(byCount.isFull == expected)
        }
        _ = byBytes.replace(
            echoOf: frame, action: "a", replyTo: nil, correlationID: nil, timeout: .seconds(1), at: start)
        #expect(byBytes.isFull)
        _ = byBytes.expire(at: start + .seconds(1))
        #expect(!byBytes.isFull)
    }

    @Test("whatever the echo, the rest of the frame is untouched")
    mutating func restIsUntouched() throws {
        let frame = "{ \"params\":{\"message\":\"\\u0041\",\"n\":1e400},\n\"action\":\"send_msg\"\t}"
        let sent = try send(frame)
        #expect(sent.hasPrefix("{ \"params\":{\"message\":\"\\u0041\",\"n\":1e400},\n\"action\":\"send_msg\""))
        #expect(sent.contains(#""echo":"p-1""#))
    }
}
