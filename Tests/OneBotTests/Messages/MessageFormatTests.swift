import NIOCore
import TestSupport
import Testing

@testable import OneBot

@Suite("The two forms of a message", .timeLimit(.minutes(5)))
struct MessageFormatTests {
    private func converted(_ event: String, to format: MessageFormat) throws -> String? {
        guard case .event(let event) = BotFrame(parsing: ByteBuffer(string: event)) else {
            Issue.record("no event: \(event)")
            return nil
        }
        return format.convert(event).map { String(buffer: $0) }
    }

    private func message(_ json: String, to format: MessageFormat) throws -> String? {
        format.convert(try JSONText(validating: ByteBuffer(string: json))).map { String(buffer: $0) }
    }

    @Test("half an emoji becomes U+FFFD where a message is converted, and stays where it is not")
    func halfEmoji() throws {
        let text =
            #"{"post_type":"message","raw_message":"\ud83d","message":[{"type":"text","data":{"text":"a\ud83d"}}]}"#
        #expect(
            try converted(text, to: .string)
                == #"{"post_type":"message","raw_message":"\ud83d","message":"a\#u{FFFD}"}"#)
        #expect(try converted(text, to: .array) == nil)
        let answer = ByteBuffer(string: #"{"data":{"message":"[CQ:at,qq=\ud83d]","t":"\ud83d"},"status":"ok"}"#)
        #expect(
            MessageFormat.array.convert(answer: answer).map { String(buffer: $0) }
                == #"{"data":{"message":[{"type":"at","data":{"qq":"\#u{FFFD}"}}],"t":"\ud83d"},"status":"ok"}"#)
    }

    @Test("a bot's segments become a string, and every other byte stays")
    func toString() throws {
        let event = try Fixture("message-group-array").text
        let array =
            #"[{"type":"reply","data":{"id":"1002"}},{"type":"at","data":{"qq":"10001"}},{"type":"text","data":{"text":" 早上好 🌅"}},{"type":"image","data":{"file":"ABCDEF.jpg","url":"https://example.com/ABCDEF.jpg","type":"flash"}}]"#
        let string =
            #""[CQ:reply,id=1002][CQ:at,qq=10001] 早上好 🌅[CQ:image,file=ABCDEF.jpg,url=https://example.com/ABCDEF.jpg,type=flash]""#
        #expect(event.contains(array))
        let inString = try #require(try converted(event, to: .string))
        #expect(inString == event.replacing(array, with: string))
        #expect(try converted(inString, to: .array) == event)
    }

    @Test("a bot's string becomes segments, and every other byte stays")
    func toArray() throws {
        let event = try Fixture("message-group-cq-string").text
        let expected = event.replacing(
            #""message":"[CQ:at,qq=10001] &#91;not a code&#93;""#,
            with:
                #""message":[{"type":"at","data":{"qq":"10001"}},{"type":"text","data":{"text":" [not a code]"}}]"#)
        #expect(try converted(event, to: .array) == expected)
        #expect(try converted(expected, to: .string) == event)
    }

    @Test("numbers become text, and a bot's own message_format says the new form")
    func messageSent() throws {
        let event = try Fixture("napcat-message-sent").text
        let inString = try #require(try converted(event, to: .string))
        #expect(inString.contains(#""message_format":"string""#))
        #expect(
            inString.contains(
                #""message":"测试[CQ:image,summary=&#91;动画表情&#93;,file=1.png,sub_type=1,url=https://example.com/download?appid=1407&amp;fileid=x&amp;rkey=y,file_size=81234]""#
            ))
        #expect(inString.contains(#""raw_message":"测试[CQ:image,file=1.png,sub_type=0]""#))
        let back = try #require(try converted(inString, to: .array))
        #expect(back == event.replacing(#""sub_type":1,"#, with: #""sub_type":"1","#))
    }

    @Test(
        "what stays as it is: the form asked for, other events, and what is no message",
        arguments: [
            (#"{"post_type":"message","message":[]}"#, MessageFormat.array),
            (#"{"post_type":"message","message":"a"}"#, .string),
            (#"{"post_type":"notice","message":"a"}"#, .array), (#"{"post_type":"message"}"#, .array),
            (#"{"post_type":"message","message":null}"#, .array), (#"{"post_type":"message","message":7}"#, .string),
            (#"{"post_type":"message","message":[{"type":"at","data":[]}]}"#, .string),
            (#"{"post_type":"message","message":[{"type":""}]}"#, .string),
            (#"{"post_type":"message","message":[{"type":7}]}"#, .string),
            (#"{"post_type":"message","message":["a"]}"#, .string), (#"{"post_type":"message","message":{}}"#, .array),
        ])
    func untouched(event: String, format: MessageFormat) throws {
        #expect(try converted(event, to: format) == nil)
    }

    @Test(
        "values that are no text become text, nested ones their JSON, and null is no parameter",
        arguments: [
            (
                #"[{"type":"x","data":{"a":1,"b":true,"c":1.50,"d":null,"e":12345678901234567890}}]"#,
                #""[CQ:x,a=1,b=true,c=1.50,e=12345678901234567890]""#
            ),
            (
                #"[{"type":"node","data":{"content":[{"type":"text","data":{"text":"a, b"}}]}}]"#,
                #""[CQ:node,content=&#91;{\"type\":\"text\"&#44;\"data\":{\"text\":\"a&#44; b\"}}&#93;]""#
            ),
            (
                #"[{"type":"shake"},{"type":"rps","data":null},{"type":"dice","data":{}}]"#,
                #""[CQ:shake][CQ:rps][CQ:dice]""#
            ),
            (#"[{"data":{"text":"\ud83d\ude00\u0000"},"type":"text"}]"#, #""😀\u0000""#),
            (#"{"type":"at","data":{"qq":"all"}}"#, #""[CQ:at,qq=all]""#), ("[]", #""""#),
        ])
    func values(array: String, string: String) throws {
        #expect(try message(array, to: .string) == string)
    }

    @Test("a string of nothing is no segments, and a single segment gets its array")
    func edges() throws {
        #expect(try message(#""""#, to: .array) == "[]")
        #expect(try message(#"{"type":"at","data":{"qq":7}}"#, to: .array) == #"[{"type":"at","data":{"qq":7}}]"#)
    }

    @Test("the answer to get_msg is converted in its data, a failed one stays")
    func answer() throws {
        let answer =
            #"{"status":"ok","retcode":0,"data":{"message_id":1,"message":"a[CQ:at,qq=1]","real_id":2},"echo":[1]}"#
        let expected =
            #"{"status":"ok","retcode":0,"data":{"message_id":1,"message":[{"type":"text","data":{"text":"a"}},{"type":"at","data":{"qq":"1"}}],"real_id":2},"echo":[1]}"#
        #expect(MessageFormat.array.convert(answer: ByteBuffer(string: answer)).map { String(buffer: $0) } == expected)
        #expect(MessageFormat.string.convert(answer: ByteBuffer(string: answer)) == nil)
        for failed in [#"{"status":"failed","retcode":1404,"data":null}"#, "[]", "x", #"{"data":{"message":null}}"#] {
            #expect(MessageFormat.array.convert(answer: ByteBuffer(string: failed)) == nil)
        }
    }

    @Test("whatever stands in a message and around it, only the message changes")
    func anyMessage() throws {
        for seed in UInt64(0)..<2_000 {
            var json = RandomJSON(seed: seed)
            var random = RandomMessage(seed: seed)
            var text = ByteBuffer()
            text.writeJSONString(random.text(upTo: 10))
            let message = random.random.once(in: 3) ? Array(buffer: text) : json.value()
            let event = ByteBuffer(
                bytes: Array(#"{"post_type":"message" , "a":"#.utf8) + json.value() + Array(#","message": "#.utf8)
                    + message
                    + Array(#" , "z":"#.utf8) + json.value() + Array("}".utf8))
            guard case .event(let parsed) = BotFrame(parsing: event) else {
                Issue.record("seed \(seed): no event: \(String(buffer: event))")
                return
            }
            for format in MessageFormat.allCases {
                guard let converted = format.convert(parsed) else { continue }
                let back = try JSONObject(converted).setting("message", to: ByteBuffer(bytes: message))
                guard back == event else {
                    Issue.record("seed \(seed): \(String(buffer: event)) became \(String(buffer: converted))")
                    return
                }
            }
        }
    }
}
