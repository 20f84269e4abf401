import NIOCore
import TestSupport
import Testing

@testable import OneBot

@Suite("JSONObject", .timeLimit(.minutes(5)))
struct JSONObjectTests {
    @Test("removing a member leaves every other byte as it was")
    func removing() throws {
        try Self.forEachObject(rounds: 2_000) { parts, name, _ in
            let object = try JSONObject(ByteBuffer(bytes: parts.bytes))
            let result = object.removing(name)
            guard Array(buffer: result) == parts.removing(name) else {
                return "removing \(name): \(String(buffer: result))"
            }
            let rest = try JSONObject(result)
            guard rest[name] == nil else { return "\(name) is still there" }
            return rest.keys == object.keys.filter { !$0.utf8.elementsEqual(name.utf8) }
                ? nil : "other keys: \(rest.keys)"
        }
    }

    @Test("setting a member replaces or appends it and leaves every other byte as it was")
    func setting() throws {
        try Self.forEachObject(rounds: 2_000) { parts, name, value in
            let object = try JSONObject(ByteBuffer(bytes: parts.bytes))
            let result = object.setting(name, to: ByteBuffer(bytes: value))
            guard Array(buffer: result) == parts.setting(name, to: value) else {
                return "setting \(name): \(String(buffer: result))"
            }
            let changed = try JSONObject(result)
            guard let bytes = changed[name]?.bytes, Array(buffer: bytes) == value else { return "\(name) is not set" }
            return changed.keys.count { $0.utf8.elementsEqual(name.utf8) } == 1 ? nil : "\(name) is there twice"
        }
    }

    @Test("both at once do what one after the other does")
    func removingAndSetting() throws {
        try Self.forEachObject(rounds: 1_000) { parts, name, value in
            let value = ByteBuffer(bytes: value)
            let object = try JSONObject(ByteBuffer(bytes: parts.bytes))
            guard name != "echo" else { return nil }
            let expected = try JSONObject(object.setting(name, to: value)).removing("echo")
            return object.removing("echo", setting: name, to: value) == expected
                ? nil : "setting \(name), removing echo"
        }
    }

    @Test("members are found by name, with their bytes as they were written")
    func reading() throws {
        try Self.forEachObject(rounds: 2_000) { parts, name, _ in
            let object = try JSONObject(ByteBuffer(bytes: parts.bytes))
            guard object.keys.map({ Array($0.utf8) }) == parts.members.map({ Array($0.name.utf8) }) else {
                return "keys: \(object.keys)"
            }
            let expected = parts.members.indices.last { parts.isNamed(name, $0) }.map { parts.members[$0].value }
            return object[name].map { Array(buffer: $0.bytes) } == expected ? nil : "another value for \(name)"
        }
    }

    @Test(
        "edits, by example",
        arguments: [
            ("{}", "a", "{}", #"{"a":0}"#),
            (" { } ", "a", " { } ", #" {"a":0 } "#),
            (#"{"a":1}"#, "a", "{}", #"{"a":0}"#),
            (#"{ "a" : 1 }"#, "a", "{  }", #"{ "a" : 0 }"#),
            (#"{"a":1,"b":2}"#, "a", #"{"b":2}"#, #"{"a":0,"b":2}"#),
            (#"{"b":2, "a":1}"#, "a", #"{"b":2}"#, #"{"b":2, "a":0}"#),
            (#"{"a":1,"b":2,"a":[3]}"#, "a", #"{"b":2}"#, #"{"b":2,"a":0}"#),
            (#"{"a":1 , "b":2 ,"c":3}"#, "b", #"{"a":1 ,"c":3}"#, #"{"a":1 , "b":0 ,"c":3}"#),
            (#"{"\u0061":1}"#, "a", "{}", #"{"\u0061":0}"#),
            (#"{"x":{"a":1}}"#, "a", #"{"x":{"a":1}}"#, #"{"x":{"a":1},"a":0}"#),
            (#"{"x":"\"a\":1"}"#, "a", #"{"x":"\"a\":1"}"#, #"{"x":"\"a\":1","a":0}"#),
        ])
    func examples(_ text: String, _ key: String, _ removed: String, _ set: String) throws {
        let object = try JSONObject(ByteBuffer(string: text))
        #expect(String(buffer: object.removing(key)) == removed)
        #expect(String(buffer: object.setting(key, to: ByteBuffer(string: "0"))) == set)
    }

    @Test("names are compared byte for byte, never by Unicode's equivalence")
    func canonicalEquivalence() throws {
        let object = try JSONObject(ByteBuffer(string: "{\"\u{E9}\":1,\"e\u{301}\":2}"))
        #expect(object["\u{E9}"]?.int64 == 1)
        #expect(object["e\u{301}"]?.int64 == 2)
        #expect(object["e"] == nil)
        #expect(String(buffer: object.removing("\u{E9}")) == "{\"e\u{301}\":2}")
    }

    @Test("it reads from the reader index on, and what it hands out shares the buffer's memory")
    func readerIndex() throws {
        var buffer = ByteBuffer(string: #"xxxx{"a":{"b":[1, 2]},"c":"long enough to be seen"}yy"#)
        buffer.moveReaderIndex(forwardBy: 4)
        buffer.moveWriterIndex(to: buffer.writerIndex - 2)
        let object = try JSONObject(buffer)
        #expect(object.bytes == buffer)
        #expect(object["a"]?.object?["b"]?.array?.map(\.int64) == [1, 2])
        #expect(String(buffer: object.removing("a")) == #"{"c":"long enough to be seen"}"#)

        let inside = try #require(object["c"]?.bytes)
        let start = buffer.withUnsafeReadableBytes { $0.baseAddress }
        #expect(inside.withUnsafeReadableBytes { $0.baseAddress } == start?.advanced(by: 22))
        #expect(object.removing("x").withUnsafeReadableBytes { $0.baseAddress } == start)
    }

    @Test("a leading byte order mark is skipped, as Foundation does, and does not stay")
    func byteOrderMark() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let object = try JSONObject(ByteBuffer(bytes: mark + Array(#" {"a":1}"#.utf8)))
        #expect(String(buffer: object.bytes) == #" {"a":1}"#)
        #expect(object["a"]?.int64 == 1)
        #expect(FoundationJSON.parse(mark + Array("{}".utf8)) != nil)

        #expect(throws: JSONError.invalid(offset: 4, reason: "a key is missing")) {
            try JSONObject(ByteBuffer(bytes: mark + Array("{x".utf8)))
        }
        for bytes in [
            mark, mark + mark + Array("{}".utf8), Array(mark[..<2]) + Array("{}".utf8),
            Array(" ".utf8) + mark + Array("{}".utf8),
        ] {
            #expect(throws: JSONError.self) { try JSONObject(ByteBuffer(bytes: bytes)) }
            #expect(FoundationJSON.parse(bytes) == nil)
        }
    }

    @Test("valid JSON that is no object is told apart from what is no JSON")
    func noObject() {
        for text in ["[]", "1", "\"{}\"", "null", " [{}] "] {
            #expect(throws: JSONError.notAnObject) { try JSONObject(ByteBuffer(string: text)) }
        }
        #expect(throws: JSONError.invalid(offset: 2, reason: "something stands after the value")) {
            try JSONObject(ByteBuffer(string: "{}{}"))
        }
        #expect(throws: JSONError.invalid(offset: 0, reason: "a value is missing")) { try JSONObject(ByteBuffer()) }
    }

    // MARK: Support

    /// Checks random objects, each with the name of a member, which many of them have, and a new value for it.
    static func forEachObject(rounds: Int, _ check: (ObjectParts, String, [UInt8]) throws -> String?) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var json = RandomJSON(seed: seed)
        for round in 0..<rounds {
            var parts = json.object(depth: 2)
            parts.opening = json.space() + parts.opening
            parts.closing += json.space()
            let name = json.key().name
            guard let problem = try check(parts, name, json.value(depth: 1)) else { continue }
            Issue.record("seed \(seed), round \(round): \(problem) in \(String(decoding: parts.bytes, as: UTF8.self))")
            return
        }
    }
}
