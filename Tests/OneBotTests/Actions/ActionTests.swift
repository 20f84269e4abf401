import NIOCore
import Testing

@testable import OneBot

@Suite("Action")
struct ActionTests {
    @Test("a call is read: its name, its params, its echo; the frame stays what it was")
    func call() throws {
        let text = #" {"echo" : { "a": [1 ,2]}, "action":"send_msg","params":{"x": 1},"more":0} "#
        let action = try Action(parsing: ByteBuffer(string: text))
        #expect(action.name == "send_msg")
        #expect(action.params.map { String(buffer: $0.bytes) } == #"{"x": 1}"#)
        #expect(!action.hasInvalidParameters)
        #expect(action.echo.map { String(buffer: $0) } == "{ \"a\": [1 ,2]}")
        #expect(String(buffer: action.frame) == text)
    }

    @Test(
        "an echo of any type is kept byte for byte",
        arguments: [
            "1", "-0", "1.50", "1e400", "123456789012345678901234567890", "\"\"", "\"a\\u0062\\/\"", "\"你好\"", "true",
            "false",
            "null", "[]", "[ 1 , { } ]", "{}", "{ \"echo\" : 1 }", "\"\\ud83d\\ude00\"",
        ])
    func echo(_ echo: String) throws {
        let first = try Action(parsing: ByteBuffer(string: #"{"echo":\#(echo),"action":"a"}"#))
        #expect(first.echo.map { String(buffer: $0) } == echo)
        let last = try Action(parsing: ByteBuffer(string: "{\"action\":\"a\" , \"\\u0065cho\" : \(echo) }"))
        #expect(last.echo.map { String(buffer: $0) } == echo)
        #expect(String(buffer: Response.ok().encoded(echo: last.echo)).hasSuffix(#","echo":\#(echo)}"#))
    }

    @Test("an echo that only looks like one is none")
    func noEcho() throws {
        for text in [
            #"{"action":"a","params":{"echo":1}}"#, #"{"action":"a","x":[{"echo":1}]}"#, #"{"action":"a","Echo":1}"#,
            #"{"action":"a","x":"\"echo\":1"}"#, #"{"action":"a","echo ":1}"#, #"{"action":"a","\\u0065cho":1}"#,
        ] {
            #expect(try Action(parsing: ByteBuffer(string: text)).echo == nil)
        }
        #expect(!String(buffer: Response.ok().encoded(echo: nil)).contains("echo"))
    }

    @Test("params that are no object are told, and null counts as absent")
    func params() throws {
        for (params, isInvalid) in [
            ("null", false), ("{}", false), ("[]", true), ("\"{}\"", true), ("1", true), ("false", true),
        ] {
            let action = try Action(parsing: ByteBuffer(string: #"{"action":"a","params":\#(params)}"#))
            #expect(action.hasInvalidParameters == isInvalid)
            #expect((action.params != nil) == (params == "{}"))
        }
        #expect(try Action(parsing: ByteBuffer(string: #"{"action":"a"}"#)).params == nil)
    }

    @Test(
        "what is no call is refused, with the reason and the echo as far as it could be read",
        arguments: [
            ("", "The frame is not valid JSON: a value is missing at byte 0.", nil),
            ("hello", "The frame is not valid JSON: a value is missing at byte 0.", nil),
            ("[{\"echo\":1}]", "The frame is not a JSON object.", nil),
            ("{}", "The frame has no `action`.", nil),
            (#"{"echo":[1]}"#, "The frame has no `action`.", "[1]"),
            (#"{"action":1,"echo":null}"#, "`action` must be a string.", "null"),
            (#"{"action":null}"#, "`action` must be a string.", nil),
            (#"{"echo":"e","action":}"#, "The frame is not valid JSON: a value is missing at byte 21.", "\"e\""),
            (
                #"{"\u0065cho":{"a":1},"action":"x""#,
                "The frame is not valid JSON: the text ends too early at byte 33.", "{\"a\":1}"
            ),
            (#"{"action":"x","echo":12"#, "The frame is not valid JSON: the text ends too early at byte 23.", nil),
            (#"{"action":"x","params":{"echo":1},"#, "The frame is not valid JSON: a key is missing at byte 34.", nil),
            ("\u{FEFF}{\"echo\":7,}", "The frame is not valid JSON: a key is missing at byte 13.", "7"),
        ] as [(String, String, String?)])
    func refused(_ text: String, _ message: String, _ echo: String?) throws {
        do {
            _ = try Action(parsing: ByteBuffer(string: text))
            Issue.record("\(text) was taken for an action")
        } catch {
            #expect(error.message == message)
            #expect(error.echo.map { String(buffer: $0) } == echo)
            let response = try JSONObject(error.response)
            #expect(response["retcode"]?.int64 == 1400)
            #expect(response["echo"].map { String(buffer: $0.bytes) } == echo)
        }
    }

    @Test("a frame of any depth, and one that holds half an emoji, passes as it is")
    func odd() throws {
        for params in [
            String(repeating: "[", count: 600) + String(repeating: "]", count: 600), #""\ud83d""#, #"{"\udc00":1e999}"#,
        ] {
            let text = #"{"echo":"\ud83d","action":"a","params":\#(params)}"#
            let action = try Action(parsing: ByteBuffer(string: text))
            #expect(String(buffer: action.frame) == text)
            #expect(action.echo.map { String(buffer: $0) } == #""\ud83d""#)
        }
    }

    @Test("the echo of any frame is found, an action or not, as far as it can be")
    func echoOfAny() {
        for (text, echo) in [
            (#"{"echo":1}"#, "1"), (#"{"action":"a","params":{"x":bad},"echo":[2]}"#, "[2]"), ("[1]", nil), ("x", nil),
        ] as [(String, String?)] {
            #expect(Action.echo(of: ByteBuffer(string: text)).map { String(buffer: $0) } == echo, "\(text)")
        }
    }

    @Test("a call that came as none becomes a frame, with an empty object where it had no params")
    func built() throws {
        let params = try JSONObject(ByteBuffer(string: #"{"group_id": 1}"#))
        let action = Action(name: "send\"msg", params: params)
        #expect(String(buffer: action.frame) == #"{"action":"send\"msg","params":{"group_id": 1}}"#)
        #expect(action.echo == nil)
        #expect(
            String(buffer: Action(name: "get_status", params: nil).frame) == #"{"action":"get_status","params":{}}"#)
        #expect(try Action(parsing: action.frame).name == "send\"msg")
    }

    @Test(
        "self_id is found in the parameters, however it is spelt, and nowhere else",
        arguments: [
            (#"{"action":"a","params":{"self_id":7}}"#, "7"),
            (#"{"action":"a","params":{"x":"self_id", "self_id" : "7" }}"#, #""7""#),
            (#"{"action":"a","params":{"\u0073elf_id":[7]}}"#, "[7]"),
            (#"{"action":"a","params":{"self_id":1,"self_id":2}}"#, "2"),
            (#"{"action":"a","self_id":7,"params":{"context":{"self_id":7}}}"#, nil),
            (#"{"action":"a","self_id":7}"#, nil),
            (#"{"action":"a","params":{"x":"\u0073elf_id"}}"#, nil), (#"{"action":"a","params":["self_id",7]}"#, nil),
            (#"{"action":"a","params":{}}"#, nil), (#"{"action":"a","params":null}"#, nil),
        ] as [(String, String?)])
    func selfID(frame: String, value: String?) throws {
        let action = try Action(parsing: ByteBuffer(string: frame))
        #expect(action.selfID.map { String(buffer: $0.bytes) } == value)
    }
}
