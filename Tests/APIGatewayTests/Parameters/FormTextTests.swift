import Testing

@testable import APIGateway

@Suite struct FormTextTests {
    @Test(
        "names and values are decoded",
        arguments: [
            ("a=1&b=2", [("a", "1"), ("b", "2")]), ("a=x+y%20z", [("a", "x y z")]), ("a=%E4%BD%A0", [("a", "你")]),
            ("a=b=c", [("a", "b=c")]), ("a", [("a", "")]), ("a=", [("a", "")]), ("=x", [("", "x")]), ("", []),
            ("&&a=1&", [("a", "1")]),
            ("%61%3D=%26", [("a=", "&")]), ("a=%2b", [("a", "+")]),
        ] as [(String, [(String, String)])])
    func decodes(_ text: String, _ expected: [(String, String)]) throws {
        let pairs = try FormText.pairs(of: text.utf8)
        #expect(pairs == expected.map { FormText.Pair(name: $0.0, value: $0.1) })
    }

    @Test("of several with one name the last counts, at the first one's place")
    func repeated() throws {
        let pairs = try FormText.pairs(of: "a=1&b=2&a=3".utf8)
        #expect(pairs == [FormText.Pair(name: "a", value: "3"), FormText.Pair(name: "b", value: "2")])
    }

    @Test("names are compared byte for byte")
    func bytes() throws {
        #expect(try FormText.pairs(of: "%C3%A9=1&e%CC%81=2".utf8).count == 2)
    }

    @Test(
        "a broken escape, and what is not UTF-8, is refused", arguments: ["a=%", "a=%4", "a=%zz", "a=%FF", "x=1&%C3=2"])
    func broken(_ text: String) {
        #expect(throws: FormText.Malformed.self) { try FormText.pairs(of: text.utf8) }
    }

    @Test("more parts than any action has parameters are refused")
    func tooMany() throws {
        let most = (1...FormText.maxPairs).map { "p\($0)=1" }.joined(separator: "&")
        #expect(try FormText.pairs(of: most.utf8).count == FormText.maxPairs)
        #expect(throws: FormText.Malformed.tooMany) { try FormText.pairs(of: (most + "&one=more").utf8) }
        #expect(throws: FormText.Malformed.tooMany) { try FormText.pairs(of: (most + "&one=more&two=more").utf8) }
    }

    @Test("any bytes are read or refused, and never stop the process")
    func random() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                Bool.random(using: &generator)
                    ? UInt8.random(in: 0...255, using: &generator)
                    : Array("%&=+a1".utf8).randomElement(using: &generator) ?? 0
            }
            // The result does not matter, only that reading ends.
            if let pairs = try? FormText.pairs(of: bytes) { #expect(pairs.count <= bytes.count, "\(bytes)") }
        }
    }
}
