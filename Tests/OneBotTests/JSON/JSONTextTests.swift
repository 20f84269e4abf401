import NIOCore
import TestSupport
import Testing

@testable import OneBot

@Suite("JSONText")
struct JSONTextTests {
    @Test("a value is kept as it was written, without the white space around it")
    func bytes() throws {
        for (text, kind) in [
            ("{ \"a\" : 1 }", .object), ("[ 1, 2 ]", .array), ("\"a\\u0062\"", .string), ("-1.50e+1", .number),
            ("true", .boolean), ("false", .boolean), ("null", .null),
        ] as [(String, JSONText.Kind)] {
            let json = try JSONText(validating: ByteBuffer(string: " \r\n\t\(text) \n"))
            #expect(String(buffer: json.bytes) == text)
            #expect(json.kind == kind)
            #expect(json.isNull == (kind == .null))
        }
    }

    @Test("asked for another kind than it is, a value is nil")
    func otherKinds() throws {
        for text in ["{}", "[]", "\"1\"", "1", "true", "null"] {
            let json = try Self.json(text)
            #expect((json.string != nil) == (json.kind == .string))
            #expect((json.int64 != nil) == (json.kind == .number))
            #expect((json.double != nil) == (json.kind == .number))
            #expect((json.bool != nil) == (json.kind == .boolean))
            #expect((json.object != nil) == (json.kind == .object))
            #expect((json.array != nil) == (json.kind == .array))
        }
    }

    @Test("escapes and surrogate pairs are resolved")
    func strings() throws {
        #expect(try Self.json(#""\"\\\/\b\f\n\r\t""#).string == "\"\\/\u{8}\u{C}\n\r\t")
        #expect(try Self.json(#""\u0041\u00e9\u4F60\ud83d\ude00\u0000""#).string == "A\u{E9}你\u{1F600}\u{0}")
        #expect(try Self.json(#""\uD800\uDC00\udbff\udfff""#).string == "\u{10000}\u{10FFFF}")
        #expect(try Self.json(#""a\\u0041""#).string == #"a\u0041"#)
        #expect(try Self.json("\"\"").string == "")
    }

    @Test(
        "half a surrogate pair is read as U+FFFD, and what stands beside it as itself",
        arguments: [
            (#""\ud83d""#, "\u{FFFD}"), (#""a\ud83db""#, "a\u{FFFD}b"), (#""\ude00""#, "\u{FFFD}"),
            (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\ud83d\n""#, "\u{FFFD}\n"),
            (#""\ud83d\ud83d\ude00""#, "\u{FFFD}\u{1F600}"),
            (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"), (#""\ud83d\\ude00""#, "\u{FFFD}\\ude00"),
        ])
    func halfPairs(_ json: String, _ text: String) throws {
        #expect(try Self.json(json).string.map { Array($0.utf8) } == Array(text.utf8))
        let object = try JSONObject(ByteBuffer(string: "{\(json):1}"))
        #expect(object[text]?.int64 == 1)
        #expect(object.keys == [text])
    }

    @Test(
        "whole numbers in range are integers, however they are written",
        arguments: [
            ("0", 0), ("-0", 0), ("0.0", 0), ("0e999999999999999999999", 0), ("1", 1), ("-1", -1), ("1.0", 1),
            ("1e3", 1000),
            ("1E+3", 1000), ("-25e1", -250), ("2.50e1", 25), ("100e-2", 1), ("0.001e3", 1), ("1.0000", 1),
            ("12.5e1", 125),
            ("9223372036854775807", .max), ("-9223372036854775808", .min), ("9223372036854775807.000", .max),
            ("922337203685477580.7e1", .max), ("-9.223372036854775808e18", .min), ("92233720368547758070e-1", .max),
            ("10000000000000000000000000000000000000000e-40", 1), ("0.00000000000000000000000000000000000000001e41", 1),
            ("9007199254740993", 9_007_199_254_740_993),
            ("1.5", nil), ("1e-1", nil), ("0.1", nil), ("9223372036854775808", nil), ("-9223372036854775809", nil),
            ("9223372036854775807.5", nil), ("18446744073709551616", nil), ("1e19", nil), ("1e400", nil),
            ("1e99999999999999999999999", nil), ("1e-99999999999999999999999", nil), ("100000000000000000000", nil),
            ("123456789012345678901234567890e-5", nil), ("10000000000000000000001e-22", nil),
        ] as [(String, Int64?)])
    func int64(_ text: String, _ expected: Int64?) throws {
        #expect(try Self.json(text).int64 == expected)
    }

    @Test("any way to write an integer gives that integer")
    func writtenIntegers() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let number = Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0..<64, using: &random)
            var digits = String(number.magnitude)
            let zeros = number == 0 ? 0 : Int.random(in: 0...25, using: &random)
            digits += String(repeating: "0", count: zeros)
            let shift = Int.random(in: 0...digits.count - 1, using: &random)
            let (whole, fraction) = (digits.dropLast(shift), digits.suffix(shift))
            let text = "\(number < 0 ? "-" : "")\(whole)\(shift > 0 ? "." : "")\(fraction)e\(shift - zeros)"
            #expect(try Self.json(text).int64 == number, "seed \(seed): \(text)")
        }
    }

    @Test("doubles are what Swift makes of the text; one too large is nil")
    func doubles() throws {
        for text in ["0", "-0.5", "1e300", "3.141592653589793", "1e-400", "123456789012345678901234567890"] {
            #expect(try Self.json(text).double == Double(text))
        }
        #expect(try Self.json("1e400").double == nil)
        let long = String(repeating: "9", count: 100_000)
        #expect(try Self.json(long).double == nil)
        #expect(try Self.json("0.\(long)").double == 1)
        #expect(try Self.json(long).int64 == nil)
        #expect(try Self.json("1" + String(repeating: "0", count: 100_000) + "e-100000").int64 == 1)
    }

    @Test("arrays and objects are read element by element, in order")
    func containers() throws {
        let array = try #require(try Self.json(#"[1 , "a",{ "b":[ ] },[[]],null]"#).array)
        #expect(array.map { String(buffer: $0.bytes) } == ["1", "\"a\"", "{ \"b\":[ ] }", "[[]]", "null"])
        #expect(array[2].object?["b"]?.array?.isEmpty == true)
        #expect(try Self.json("[ ]").array?.isEmpty == true)
        #expect(try Self.json("{ }").object?.keys == [])
    }

    @Test("a string written by us is read back as it was, by Foundation too")
    func writtenStrings() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<1_000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                let limit: UInt32 = random.once(in: 2) ? 0x7F : 0x10FFFF
                text.unicodeScalars.append(Unicode.Scalar(UInt32.random(in: 0...limit, using: &random)) ?? "\"")
            }
            var buffer = ByteBuffer()
            buffer.writeJSONString(text)
            let ours = try JSONText(validating: buffer).string
            #expect(ours.map { Array($0.utf8) } == Array(text.utf8), "seed \(seed)")
            let foundation = FoundationJSON.parse(Array(buffer: buffer)) as? String
            #expect(foundation.map { Array($0.utf8) } == Array(text.utf8), "seed \(seed)")
        }
    }

    @Test("only what JSON requires is escaped")
    func escaping() {
        var buffer = ByteBuffer()
        buffer.writeJSONString("a/é\u{7F}\u{2028}\u{1F600}\"\\\u{8}\t\n\u{C}\r\u{0}\u{1F}")
        #expect(String(buffer: buffer) == "\"a/é\u{7F}\u{2028}\u{1F600}" + #"\"\\\b\t\n\f\r\u0000\u001f""#)
    }

    private static func json(_ text: String) throws -> JSONText {
        try JSONText(validating: ByteBuffer(string: text))
    }
}
