import NIOCore
import Testing

@testable import WebSocketTransport

@Suite("The member that is looked for in a message that is not kept")
struct JSONMemberFinderTests {
    private static let key = MaskingKey(value: 0x1234_5678)

    /// Finds the value in a text that comes in pieces, masked or not.
    private func find(_ text: String, cutAt cuts: [Int] = [], masked: Bool = false) -> String? {
        var finder = JSONMemberFinder("echo")
        var bytes = ByteBuffer(string: text)
        if masked { bytes.mask(last: bytes.readableBytes, key: Self.key) }
        var start = 0
        for end in cuts + [bytes.readableBytes] where end >= start {
            bytes.withUnsafeReadableBytes { bytes in
                finder.read(
                    UnsafeRawBufferPointer(rebasing: bytes[start..<end]), key: masked ? Self.key : nil, offset: start)
            }
            start = end
        }
        return finder.result.map { String(buffer: $0) }
    }

    static let cases: [(text: String, echo: String)] = [
        (#"{"echo":"e"}"#, #""e""#),
        (#" {"data":"\#(String(repeating: "A", count: 40))","echo" : {"a":[1,"}"]} ,"x":1}"#, #"{"a":[1,"}"]}"#),
        ("\u{FEFF}{\"a\":[{}],\"echo\":12}", "12"), (#"{"echo":null,"z":""}"#, "null"),
        (#"{"a":"\"","echo":"\\","b":2}"#, #""\\""#), (#"{"\u0065ch\u006F":true}"#, "true"),
        (#"{"echo":1,"echo":[2, 3] }"#, "[2, 3]"), (#"{"a":"你好吗\\\"","echo":"é\"}"}"#, #""é\"}""#),
        (#"{"echo":"x","params":{"echo":1}}"#, #""x""#), ("{ \"echo\"\n:\t-1.5e3\r\n}", "-1.5e3"),
    ]

    static let others = [
        #"{"params":{"echo":1}}"#, #"{"list":[{"echo":1},"echo"]}"#, #"{"t":"\"echo\":1,"}"#,
        #"{"t":"a\\","x":"echo"}"#,
        #"{"Echo":1,"ech":2,"echoes":3,"":4,"\u0165cho":5}"#, #"["echo",1]"#, #""echo""#, "", "{", #"{"echo""#,
        #"{"echo":1"#, #"{"echo":"#, #"{"a":1}{"echo":2}"#, #"{"e\ncho":1,"\/echo":2}"#, #"{"a":"echo","b":1}"#,
    ]

    @Test(
        "is found wherever it stands, whole, in two pieces cut anywhere, and byte by byte; masked or not",
        arguments: cases)
    func found(_ text: String, _ echo: String) {
        for masked in [false, true] {
            #expect(find(text, masked: masked) == echo)
            let count = text.utf8.count
            for cut in 0...count { #expect(find(text, cutAt: [cut], masked: masked) == echo, "cut at \(cut)") }
            #expect(find(text, cutAt: Array(0..<count), masked: masked) == echo)
        }
    }

    @Test("what is nested, written in a string, like it or not whole is not it", arguments: others)
    func notFound(_ text: String) {
        #expect(find(text) == nil)
        for cut in 0...text.utf8.count { #expect(find(text, cutAt: [cut]) == nil, "cut at \(cut)") }
    }

    @Test("at every place between members of every length")
    func everywhere() {
        for length in 0..<24 {
            for place in 0...3 {
                let text = String(repeating: "\\u0041x", count: length / 7) + String(repeating: "x", count: length % 7)
                var members = (0..<3).map { #""m\#($0)":{"echo":"\#(text)","l":["\#(text)"]}"# }
                members.insert(#""echo":"e\#(text)""#, at: place)
                #expect(find("{\(members.joined(separator: ","))}") == #""e\#(text)""#)
            }
        }
    }

    @Test("a value that is too long is not kept, and one before it does not count")
    func tooLong() {
        let most = String(repeating: "1", count: JSONMemberFinder.maxValueBytes)
        #expect(find(#"{"echo":\#(most) }"#) == nil, "the space behind it does not fit")
        #expect(find(#"{"echo":\#(most)}"#) == most)
        #expect(find(#"{"echo":1,"echo":\#(most)1}"#) == nil)
        #expect(find(#"{"echo":\#(most)1,"echo":2}"#) == "2")
    }

    @Test("whatever it is given, it does not trap")
    func anything() {
        var generator = SystemRandomNumberGenerator()
        let pieces = ["{", "}", "[", "]", ",", ":", "\"", "\\", "u", "echo", "\"echo\":", "0", " ", "é", "\u{0}"]
        for _ in 0..<2_000 {
            let text = (0..<20).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            _ = find("{" + text, cutAt: [text.utf8.count / 2], masked: .random(using: &generator))
        }
    }
}
