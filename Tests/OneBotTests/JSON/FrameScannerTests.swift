import NIOCore
import TestSupport
import Testing

@testable import OneBot

@Suite("FrameScanner", .timeLimit(.minutes(5)))
struct FrameScannerTests {
    @Test("generated JSON is valid, and means what Foundation says it means")
    func generated() {
        let seed = UInt64.random(in: 0 ... .max)
        var json = RandomJSON(seed: seed)
        for round in 0..<3_000 {
            let bytes = json.space() + json.value() + json.space()
            guard let problem = Self.disagreement(on: bytes, mustBeValid: true) else { continue }
            Issue.record("seed \(seed), round \(round): \(problem)")
            return
        }
    }

    @Test("of mutated JSON, what is valid to us is valid to Foundation and the other way round")
    func mutated() {
        let seed = UInt64.random(in: 0 ... .max)
        var json = RandomJSON(seed: seed)
        for round in 0..<12_000 {
            let bytes = json.mutated(json.value(depth: 2))
            guard let problem = Self.disagreement(on: bytes) else { continue }
            Issue.record("seed \(seed), round \(round): \(problem)")
            return
        }
    }

    @Test("of noise, too")
    func noise() {
        let seed = UInt64.random(in: 0 ... .max)
        var json = RandomJSON(seed: seed)
        for round in 0..<10_000 {
            guard let problem = Self.disagreement(on: json.noise()) else { continue }
            Issue.record("seed \(seed), round \(round): \(problem)")
            return
        }
    }

    @Test("a frame cut short at any byte is judged as Foundation judges it", arguments: try Fixture.all())
    func truncated(_ fixture: Fixture) {
        let bytes = Array(fixture.text.utf8)
        for count in 0...bytes.count {
            if let problem = Self.disagreement(on: Array(bytes[..<count])) { Issue.record("\(problem)") }
        }
        #expect((try? JSONObject(fixture.bytes)) != nil)
    }

    @Test(
        "the corners of the grammar are where Foundation has them",
        arguments: [
            "", " ", "{", "}", "[", "]", "{}x", "{} {}", "[1 2]", "[,]", "{,}", "{\"a\"}", "{\"a\" 1}", "{\"a\":}",
            "{1:1}", "{\"a\":1 \"b\":2}", "[}", "{]",
            "true", "tru", "truex", "True", "nul", "null ", "NaN", "Infinity", "-Infinity", "undefined",
            "0", "-0", "-", "+1", "01", "-01", "00", "1.", ".5", "1.e1", "1e", "1e+", "1e+1", "1E-1", "0x1", "1_0",
            "0.0e-0", "- 1", "1 .0",
            "\"", "\"a", "\"\\\"", "'a'", "\"\t\"", "\"\u{0}\"", "\"\u{7F}\"", #""\x""#, #""\""#, #""\u""#, #""\u12""#,
            #""\u12G4""#,
            #""\u00e9""#, #""\u00E9""#, #""\/""#, #""\u0000""#, #""\U00e9""#,
            "\u{A0}1", "\u{B}1", "\u{C}1", "/**/1", "//\n1", "1//", "\u{2028}1", "{\"a\":1,\"a\":2}", "\"\u{2028}\"",
            "\"\u{10FFFF}\"",
        ])
    func corners(_ text: String) {
        let problem = Self.disagreement(on: Array(text.utf8))
        #expect(problem == nil)
    }

    @Test(
        "half a surrogate pair is valid, as RFC 8259 has it (§8.2); Foundation refuses it",
        arguments: [
            #""\ud800""#, #""\udc00""#, #""\ud800x""#, #""\ud800\n""#, #""\ud800\ud800""#, #""\ud800\u0041""#,
            #"{"\ud800":1}"#, #""\udc00\ud800""#, #"["\ud83d\ude00\ud83d"]"#, #""\ud800\\udc00""#,
        ])
    func halfSurrogatePairs(_ text: String) throws {
        #expect(try JSONText(validating: ByteBuffer(string: text)).bytes == ByteBuffer(string: text))
        #expect(FoundationJSON.parse(Array(text.utf8)) == nil)
    }

    @Test(
        "an escape that breaks off behind half a pair is an error",
        arguments: [#""\ud800\u""#, #""\ud800\""#, #""\ud8""#])
    func brokenHalfPairs(_ text: String) {
        #expect((try? JSONText(validating: ByteBuffer(string: text))) == nil)
    }

    @Test(
        "bytes in a string that are not UTF-8 are an error",
        arguments: [
            [0xFF], [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF],
            [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xE4, 0xBD], [0xE4], [0xC3],
            [0xF0, 0x9F, 0x98], [0xE4, 0xBD, 0x41], [0xF0, 0x9F, 0x98, 0x41], [0xC3, 0x41], [0xE4, 0x41, 0xA0],
        ] as [[UInt8]])
    func brokenUTF8(_ inside: [UInt8]) {
        for padding in 0..<9 {
            let bytes = Array("\"".utf8) + Array(repeating: 0x61, count: padding) + inside + Array("\"".utf8)
            #expect((try? JSONText(validating: ByteBuffer(bytes: bytes))) == nil, "\(bytes)")
            #expect(FoundationJSON.parse(bytes) == nil, "\(bytes)")
        }
    }

    @Test("every scalar of every length stands in a string, wherever the eight-byte steps fall")
    func scalars() throws {
        for scalar in [
            "\u{20}", "\u{7F}", "\u{80}", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}",
            "\u{10FFFF}",
        ] {
            for padding in 0..<17 {
                let text = String(repeating: "a", count: padding) + scalar + String(repeating: "b", count: 17 - padding)
                let json = try JSONText(validating: ByteBuffer(string: "\"\(text)\""))
                #expect(json.string.map { Array($0.utf8) } == Array(text.utf8))
            }
        }
    }

    @Test("a control character is found wherever the eight-byte steps fall")
    func controlCharacters() {
        for control in UInt8(0)..<0x20 {
            for padding in 0..<17 {
                let inside = Array(repeating: UInt8(ascii: "a"), count: padding) + [control] + Array("12345678".utf8)
                let problem = JSONError.invalid(offset: padding + 1, reason: "a control character stands in a string")
                #expect(throws: problem) {
                    try JSONText(validating: ByteBuffer(bytes: Array("\"".utf8) + inside + Array("\"".utf8)))
                }
            }
        }
    }

    // MARK: Where we differ from Foundation

    @Test(
        "a comma before a closing bracket is an error; Foundation lets it pass",
        arguments: ["[1,]", "{\"a\":1,}", "[[1 , ]]"])
    func trailingComma(_ text: String) {
        #expect((try? JSONText(validating: ByteBuffer(string: text))) == nil)
        #expect(FoundationJSON.parse(Array(text.utf8)) != nil)
    }

    @Test(
        "a number of any size is valid; Foundation refuses what is no double",
        arguments: ["1e400", "-1e99999999999999999999", "[1E+999]"])
    func hugeNumbers(_ text: String) throws {
        #expect(try JSONText(validating: ByteBuffer(string: text)).int64 == nil)
        #expect(FoundationJSON.parse(Array(text.utf8)) == nil)
    }

    @Test("only UTF-8 is read; Foundation also guesses UTF-16 and UTF-32")
    func otherEncodings() {
        for bytes in [
            [0x7B, 0, 0x7D, 0], [0, 0x7B, 0, 0x7D], [0xFF, 0xFE, 0x7B, 0, 0x7D, 0], [0x7B, 0, 0, 0, 0x7D, 0, 0, 0],
        ] as [[UInt8]] {
            #expect((try? JSONText(validating: ByteBuffer(bytes: bytes))) == nil)
            #expect(FoundationJSON.parse(bytes) != nil)
        }
    }

    // MARK: Depth and size

    @Test(
        "any depth is read, and each level is closed by its own bracket, beyond 512 as well, where Foundation ends",
        arguments: [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")])
    func depth(_ opening: String, _ closing: String) {
        let perPiece = opening.count { $0 == "[" || $0 == "{" }
        for levels in [510, 512, 514, 640, 1_000] {
            let end = String(repeating: closing, count: levels / perPiece)
            let text = String(repeating: opening, count: levels / perPiece) + "1" + end
            #expect((try? JSONText(validating: ByteBuffer(string: text))) != nil, "\(levels)")
            #expect((FoundationJSON.parse(Array(text.utf8)) != nil) == (levels <= 512), "\(levels)")
            let swapped = String(text.dropLast(end.count)) + (end.first == "]" ? "}" : "]") + end.dropFirst()
            #expect((try? JSONText(validating: ByteBuffer(string: swapped))) == nil, "\(levels)")
        }
    }

    @Test("levels that are closed do not count, and each is closed by its own bracket")
    func mixedLevels() {
        let wide = "[" + String(repeating: "[{\"a\":[]}],", count: 1_000) + "1]"
        #expect(Self.disagreement(on: Array(wide.utf8), mustBeValid: true) == nil)
        var json = RandomJSON(seed: 1)
        for _ in 0..<50 {
            let kinds = (0..<300).map { _ in json.random.once(in: 2) }
            let text =
                kinds.map { $0 ? "{\"a\":" : "[" }.joined() + "1" + kinds.reversed().map { $0 ? "}" : "]" }.joined()
            #expect(Self.disagreement(on: Array(text.utf8), mustBeValid: true) == nil)
            #expect(
                (try? JSONText(validating: ByteBuffer(string: String(text.dropLast()) + (kinds[0] ? "]" : "}")))) == nil
            )
        }
    }

    @Test("100 000 levels that are never closed are refused without harm", arguments: ["[", "{\"a\":", "[{\"\":"])
    func abyss(_ opening: String) {
        let text = ByteBuffer(string: String(repeating: opening, count: 100_000))
        #expect(throws: JSONError.self) { try JSONText(validating: text) }
    }

    @Test("100 000 levels that are closed are read as one value")
    func bottom() throws {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        let object = try JSONObject(ByteBuffer(string: #"{"deep":\#(deep),"echo":1}"#))
        #expect(object["deep"]?.bytes.readableBytes == 200_000)
        #expect(object["echo"]?.int64 == 1)
    }

    @Test("a document of 16 MiB is read, and every byte of it is looked at")
    func large() throws {
        var text = ByteBuffer(string: #"{"action":"upload","params":{"file":"base64://"#)
        text.writeRepeatingByte(UInt8(ascii: "A"), count: 16 << 20)
        text.writeString(#""},"echo":[1]}"#)
        let object = try JSONObject(text)
        #expect(object["echo"].map { String(buffer: $0.bytes) } == "[1]")
        #expect(object["params"]?.bytes.readableBytes == (16 << 20) + 20)

        text.setInteger(UInt8(0xFF), at: 16 << 20)
        #expect(throws: JSONError.invalid(offset: 16 << 20, reason: "a string is not UTF-8")) { try JSONObject(text) }
    }

    // MARK: Support

    /// How our reading of these bytes is wrong; `nil` where it is right.
    static func disagreement(on bytes: [UInt8], mustBeValid: Bool = false) -> String? {
        let shown = "\(String(decoding: bytes, as: UTF8.self)) \(bytes)"
        let foundation = bytes.prefix(4).contains(0) ? nil : FoundationJSON.parse(bytes)
        do {
            let ours = try JSONText(validating: ByteBuffer(bytes: bytes))
            guard let foundation else {
                return FoundationJSON.holdsWhatItRefuses(ours) ? nil : "only we take it: \(shown)"
            }
            return FoundationJSON.agrees(ours, with: foundation) ? nil : "it means another thing: \(shown)"
        } catch {
            guard foundation != nil else { return mustBeValid ? "nobody takes it: \(shown)" : nil }
            guard let comma = trailingComma(in: bytes, before: error) else { return "\(error): \(shown)" }
            // The one thing that only Foundation allows; without it both have to agree again.
            var rest = bytes
            rest.remove(at: comma)
            return disagreement(on: rest, mustBeValid: mustBeValid)
        }
    }

    private static func trailingComma(in bytes: [UInt8], before error: JSONError) -> Int? {
        guard case .invalid(let offset, "a value is missing") = error.trimmingKey, offset < bytes.count,
            bytes[offset] == UInt8(ascii: "]") || bytes[offset] == UInt8(ascii: "}")
        else { return nil }
        let space = Array(" \t\r\n".utf8)
        guard let comma = bytes[..<offset].lastIndex(where: { !space.contains($0) }), bytes[comma] == UInt8(ascii: ",")
        else { return nil }
        return comma
    }
}

extension JSONError {
    /// A missing key reported as a missing value.
    fileprivate var trimmingKey: JSONError {
        guard case .invalid(let offset, "a key is missing") = self else { return self }
        return .invalid(offset: offset, reason: "a value is missing")
    }
}
