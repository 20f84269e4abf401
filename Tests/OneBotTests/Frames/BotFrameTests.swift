import NIOCore
import Testing

@testable import OneBot

@Suite("BotFrame")
struct BotFrameTests {
    @Test("an event is told by its post_type, and only what it is routed by is read")
    func event() throws {
        let event = try Self.event(
            #"{"time":1,"self_id":10001,"post_type":"message","message_type":"group","sub_type":"normal","message":[]}"#
        )
        #expect(event.postType == "message")
        #expect(event.detailType == "group")
        #expect(event.subType == "normal")
        #expect(event.selfID == SelfID(10001))
    }

    @Test("without a post_type, an echo, a status or a retcode makes it a response")
    func response() throws {
        let response = try Self.response(#"{"status":"ok","retcode":0,"data":null,"echo":{"a":[1, 2]}}"#)
        #expect(response.retcode == 0)
        #expect(response.echo.map { String(buffer: $0) } == #"{"a":[1, 2]}"#)
        #expect(try Self.response(#"{"echo":null}"#).echo.map { String(buffer: $0) } == "null")
        #expect(try Self.response(#"{"retcode":"x"}"#).retcode == nil)
        #expect(try Self.response(#"{"status":1}"#).echo == nil)
        #expect(try Self.response(#"{"post_type":null,"status":1}"#).echo == nil)
    }

    @Test(
        "anything else is unknown, with the reason",
        arguments: [
            ("", "not valid JSON: a value is missing at byte 0"),
            ("[]", "not a JSON object"),
            ("{}", "it has no `post_type`, `echo`, `status` or `retcode`"),
            ("hello {", "not valid JSON: a value is missing at byte 0"),
            ("null", "not a JSON object"),
            (
                "{\"params\":{\"post_type\":\"message\",\"echo\":1}}",
                "it has no `post_type`, `echo`, `status` or `retcode`"
            ),
        ])
    func unknown(_ text: String, _ expected: String) {
        guard case .unknown(let reason) = BotFrame(parsing: ByteBuffer(string: text)) else {
            Issue.record("\(text) was taken for something")
            return
        }
        #expect(reason == expected)
    }

    @Test(
        "what begins as an object and cannot be read may have been an event or an answer",
        arguments: [
            ("{\"a\":}", "not valid JSON: a value is missing at byte 5"),
            (" \n{\"post_type\":\"message\",\"x\":NaN}", "not valid JSON: a value is missing at byte 29"),
            ("{\"post_type\":\"message\"", "not valid JSON: the text ends too early at byte 22"),
            ("{\"post_type\":3,\"echo\":1}", "`post_type` is no string"),
        ])
    func unreadable(_ text: String, _ expected: String) {
        guard case .unreadable(let frame) = BotFrame(parsing: ByteBuffer(string: text)) else {
            Issue.record("\(text) was taken for something")
            return
        }
        #expect(frame.cause == .invalid(expected))
        #expect(frame.isObject)
    }

    @Test("an event that holds half an emoji is an event like any other, and passes byte for byte")
    func halfEmoji() throws {
        let text =
            #"{"post_type":"message","message_type":"group","sub_type":"\ud83d","self_id":1,"sender":{"nickname":"\ud83d"}}"#
        let event = try Self.event(text)
        #expect(event.detailType == "group")
        #expect(event.subType == "\u{FFFD}")
        #expect(String(buffer: event.forClients(of: SelfID(1))) == text)
    }

    @Test("the detail is read from the member that belongs to the post_type")
    func detail() throws {
        let pairs = [
            "message": "message_type", "message_sent": "message_type", "notice": "notice_type",
            "request": "request_type", "distributed": "distributed_type", "meta_event": "meta_event_type",
        ]
        for (postType, key) in pairs {
            #expect(try Self.event(#"{"\#(key)":"x","post_type":"\#(postType)"}"#).detailType == "x")
        }
        #expect(try Self.event(#"{"post_type":"notice","message_type":"x"}"#).detailType == nil)
        #expect(try Self.event(#"{"post_type":"notice","notice_type":3}"#).detailType == nil)
    }

    @Test("lifecycle/connect and heartbeats are recognised")
    func metaEvents() throws {
        let lifecycle = try Self.event(
            #"{"post_type":"meta_event","meta_event_type":"lifecycle","sub_type":"connect"}"#)
        #expect(lifecycle.isLifecycleConnect && !lifecycle.isHeartbeat)
        let enable = try Self.event(#"{"post_type":"meta_event","meta_event_type":"lifecycle","sub_type":"enable"}"#)
        #expect(!enable.isLifecycleConnect)
        #expect(try Self.event(#"{"post_type":"meta_event","meta_event_type":"heartbeat"}"#).isHeartbeat)
    }

    @Test(
        "self_id may be a number or a string of digits",
        arguments: [
            ("10001", 10001), ("\"10001\"", 10001), ("1.0001e4", 10001), ("-5", -5), ("9223372036854775807", Int64.max),
            ("9223372036854775808", nil), ("null", nil), ("\"\"", nil), ("\"+1\"", nil), ("\"x\"", nil), ("1.5", nil),
            ("true", nil), ("[1]", nil), (#""\u0031""#, 1),
        ] as [(String, Int64?)])
    func selfID(_ json: String, _ expected: Int64?) throws {
        #expect(try Self.event(#"{"post_type":"x","self_id":\#(json)}"#).selfID?.number == expected)
    }

    @Test("a key written with escapes is the same key, and of duplicates the last counts")
    func escapedKeysAndDuplicates() throws {
        let event = try Self.event(
            #"{"post_type":"notice","post\u005ftype":"message","self_id":1,"message_type":"group","self_id":2}"#)
        #expect(event.postType == "message")
        #expect(event.detailType == "group")
        #expect(event.selfID == SelfID(2))
    }

    // MARK: What clients get

    @Test(
        "a top-level echo goes, a missing or null self_id is set, and nothing else changes",
        arguments: [
            (#"{"post_type":"x","echo":1,"self_id":5}"#, #"{"post_type":"x","self_id":5}"#),
            (#"{"echo":1,"post_type":"x","\u0065cho":[],"self_id":5,"echo":null}"#, #"{"post_type":"x","self_id":5}"#),
            (#" { "post_type" : "x" } "#, #" { "post_type" : "x","self_id":7 } "#),
            (#"{"self_id": null , "post_type":"x"}"#, #"{"self_id": 7 , "post_type":"x"}"#),
            (#"{"self_id":1,"post_type":"x","self_id":null}"#, #"{"post_type":"x","self_id":7}"#),
            (#"{"echo":0,"post_type":"x","a":[ 1,2 ]}"#, #"{"post_type":"x","a":[ 1,2 ],"self_id":7}"#),
            (#"{"post_type":"x","self_id":"no number"}"#, #"{"post_type":"x","self_id":"no number"}"#),
            (
                #"{"post_type":"x","self_id":5,"echo2":1,"a":{"echo":1}}"#,
                #"{"post_type":"x","self_id":5,"echo2":1,"a":{"echo":1}}"#
            ),
        ])
    func forClients(_ sent: String, _ expected: String) throws {
        #expect(String(buffer: try Self.event(sent).forClients(of: SelfID(7))) == expected)
    }

    @Test("an event that needs no change is passed on without copying it")
    func noCopy() throws {
        let frame = ByteBuffer(string: #"{"post_type":"x","self_id":5,"message":"0123456789"}"#)
        guard case .event(let event) = BotFrame(parsing: frame) else {
            Issue.record("no event")
            return
        }
        let address = { (buffer: ByteBuffer) in buffer.withUnsafeReadableBytes { $0.baseAddress } }
        #expect(address(event.forClients(of: SelfID(7))) == address(frame))
    }

    // MARK: Support

    static func event(_ text: String) throws -> Event {
        guard case .event(let event) = BotFrame(parsing: ByteBuffer(string: text)) else { throw Unexpected(text: text) }
        return event
    }

    static func response(_ text: String) throws -> BotResponse {
        guard case .response(let response) = BotFrame(parsing: ByteBuffer(string: text)) else {
            throw Unexpected(text: text)
        }
        return response
    }

    struct Unexpected: Error {
        let text: String
    }
}
