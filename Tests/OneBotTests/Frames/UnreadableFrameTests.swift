import NIOCore
import Testing

@testable import OneBot

@Suite("UnreadableFrame")
struct UnreadableFrameTests {
    private func frame(_ head: String, _ tail: String? = nil) -> UnreadableFrame {
        UnreadableFrame(.invalid("a test"), head: ByteBuffer(string: head), tail: tail.map { ByteBuffer(string: $0) })
    }

    private func echo(_ head: String, _ tail: String? = nil) -> String? {
        frame(head, tail).echo.map { String(buffer: $0) }
    }

    @Test(
        "the echo of a broken frame is found before the fault, behind it, and between two",
        arguments: [
            (#"{"echo":{"a":1},"params":NaN}"#, #"{"a":1}"#),
            (#"{"action":"x","params":{"t":"a\x"},"echo":"e"}"#, #""e""#),
            (#"{"params":NaN,"echo" : "e" , "action":"x"}  "#, #""e""#),
            (#"{"params":NaN,"echo":7,"x":NaN}"#, "7"),
            (#"{"params":NaN,"echo":7,"x":"#, "7"),
            ("{\"params\":\"a\u{1}b\",\"echo\":null}", "null"),
            (#"{"x":+1,"echo":1,"echo":2}"#, "2"),
        ])
    func found(_ text: String, _ expected: String) {
        #expect(echo(text) == expected)
    }

    @Test(
        "what only looks like the frame's echo is none",
        arguments: [
            #"{"action":"x","params":{"echo":1},"#, #"{"x":NaN,"params":{"echo":1}}"#,
            #"{"x":NaN,"params":{"echo":1},"y":2}"#,
            #"{"x":NaN,"t":"\"echo\":1"}"#, #"{"x":NaN,"echo":"#, #"{"x":NaN,"echo":"abc"#, #"{"x":NaN,"Echo":1}"#, "",
            "{",
        ])
    func notFound(_ text: String) {
        #expect(echo(text) == nil)
    }

    @Test("of a frame of which only the ends are left the echo is found in either")
    func ends() {
        #expect(echo(#"{"echo":"h","action":"x","params":{"file":"base64://AAAA"#, #"AAAA"}}"#) == #""h""#)
        #expect(echo(#"{"action":"x","params":{"file":"base64://AAAA"#, #"AAAA"},"echo":"t"}"#) == #""t""#)
        #expect(echo(#"{"action":"x","params":{"file":"AAAA"#, #"AAAA","echo":1}}"#) == nil)
        #expect(echo(#"{"action":"x","params":{"file":"AAAA"#, #"AAAA","echo":1},"echo":12}"#) == "12")
        #expect(echo(#"{"echo":12"#, #"34,"action":"x"}"#) == nil, "the number goes on where nobody sees it")
    }

    @Test("what was seen passing by is the echo, unless the beginning holds one or it is no JSON")
    func passed() {
        func echo(_ head: String, _ tail: String, passed: String) -> String? {
            UnreadableFrame(
                .noRoom, head: ByteBuffer(string: head), tail: ByteBuffer(string: tail),
                echo: ByteBuffer(string: passed)
            ).echo.map { String(buffer: $0) }
        }
        #expect(echo(#"{"a":"x"#, #"x"}"#, passed: "[1]") == "[1]")
        #expect(echo(#"{"echo":0,"a":"x"#, #"x"}"#, passed: "[1]") == "0")
        #expect(echo(#"{"a":"x"#, #"x","echo":2}"#, passed: "NaN") == "2")
        let frame = UnreadableFrame(
            .noRoom, head: ByteBuffer(string: #"{"a":["p-1"]"#), tail: ByteBuffer(string: #""p-3"}"#),
            echo: ByteBuffer(string: #""p-2""#))
        #expect(frame.string(beginningWith: Array(#""p-"#.utf8)).map { String(buffer: $0) } == #""p-2""#)
        #expect(frame.string(beginningWith: Array(#""q-"#.utf8)) == nil)
    }

    @Test("only so many places are looked at, from the end on")
    func bounded() {
        let many = String(repeating: #"{"echo":1},"#, count: 20_000)
        #expect(echo(#"{"x":NaN,"list":["# + many + #"0],"echo":3}"#) == "3")
        #expect(echo(#"{"x":NaN,"echo":3,"list":["# + many + "0]}") == nil)
    }

    @Test("a string is found by what it begins with, in either end, and only where it ends")
    func strings() {
        let prefix = Array(#""p1-"#.utf8)
        let found = { (frame: UnreadableFrame) in frame.string(beginningWith: prefix).map { String(buffer: $0) } }
        #expect(found(frame(#"{"status":NaN,"echo":"p1-17"}"#)) == #""p1-17""#)
        #expect(found(frame(#"{"data":"AAAA"#, #"AAAA","echo":"p1-18","message":""}"#)) == #""p1-18""#)
        #expect(found(frame(#"{"echo":"p1-19"#)) == nil)
        #expect(found(frame(#"{"echo":"p1-"# + String(repeating: "9", count: 200) + "\"}")) == nil)
        #expect(found(frame(#"{"echo":"p2-1"}"#)) == nil)
        #expect(found(frame("")) == nil)
    }

    @Test(
        "whether it began as an object",
        arguments: [
            ("{", true), (" \r\n\t{x", true), ("\u{FEFF}{", true), ("[{", false), ("", false), ("  ", false),
            ("ping", false),
        ])
    func isObject(_ text: String, _ isObject: Bool) {
        #expect(frame(text).isObject == isObject)
    }
}
