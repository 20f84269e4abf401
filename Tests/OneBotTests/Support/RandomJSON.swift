import TestSupport

/// Makes valid JSON, and JSON that has been damaged.
struct RandomJSON {
    var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    // MARK: Valid

    mutating func value(depth: Int = 4) -> [UInt8] {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
        case 0: text("true", "false", "null")
        case 1, 2: number()
        case 3, 4: string()
        case 5: array(depth: depth - 1)
        default: object(depth: depth - 1).bytes
        }
    }

    mutating func array(depth: Int) -> [UInt8] {
        var bytes = Array("[".utf8) + space()
        for index in 0..<Int.random(in: 0...3, using: &random) {
            if index > 0 { bytes += Array(",".utf8) + space() }
            bytes += value(depth: depth) + space()
        }
        return bytes + Array("]".utf8)
    }

    mutating func object(depth: Int = 3) -> ObjectParts {
        var parts = ObjectParts(opening: Array("{".utf8) + space())
        for index in 0..<Int.random(in: 0...5, using: &random) {
            if index > 0 { parts.separators.append(space() + Array(",".utf8) + space()) }
            let (name, key) = key()
            let colon = space() + Array(":".utf8) + space()
            parts.members.append(.init(name: name, key: key + colon, value: value(depth: depth)))
        }
        parts.closing = (parts.members.isEmpty ? [] : space()) + Array("}".utf8)
        return parts
    }

    /// A key's text and how it is written: often one of a few, so that duplicates occur, and now and then with escapes.
    mutating func key() -> (name: String, written: [UInt8]) {
        let names = ["echo", "self_id", "a", "", "post_type", "键", "\u{1F600}", "\"", "\u{7}", "echo2", "ech"]
        let name = names.randomElement(using: &random) ?? ""
        return (name, written(name))
    }

    mutating func string() -> [UInt8] {
        let pieces = [
            "x", "hello world, this is long enough", "你好", "é", "\u{1F600}", "\"", "\\", "\n", "\u{0}", "/", "\u{7F}",
            "\u{2028}",
        ]
        return written(
            (0..<Int.random(in: 0...4, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
        )
    }

    /// A string, each character in one of the ways JSON allows.
    private mutating func written(_ text: String) -> [UInt8] {
        var output = "\""
        for scalar in text.unicodeScalars {
            let isPlain = scalar.value >= 0x20 && scalar != "\"" && scalar != "\\"
            if isPlain, !random.once(in: 6) {
                output.unicodeScalars.append(scalar)
            } else if scalar == "\"" || scalar == "\\" || scalar == "/", random.once(in: 2) {
                output += "\\\(scalar)"
            } else if scalar == "\n", random.once(in: 2) {
                output += "\\n"
            } else {
                for unit in UTF16.encode(scalar) ?? UTF16.EncodedScalar() { output += escape(unit) }
            }
        }
        return Array((output + "\"").utf8)
    }

    private mutating func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16, uppercase: random.once(in: 2))
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    mutating func number() -> [UInt8] {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: text("0", "-0", "1", "-1", "0.5", "1.0", "1e3", "1E+2", "25e-1", "0e0", "-0.0")
        case 1: text("9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551616")
        case 2: text("123456789012345678901234567890", "1e300", "0.1234567890123456789", "1e-300", "4.9e-10")
        default: Array(String(Int32.random(in: .min ... .max, using: &random)).utf8)
        }
    }

    private mutating func text(_ choices: String...) -> [UInt8] {
        Array((choices.randomElement(using: &random) ?? "0").utf8)
    }

    mutating func space() -> [UInt8] {
        random.once(in: 4) ? Array([" ", "\t", "\r\n", "  "][Int.random(in: 0..<4, using: &random)].utf8) : []
    }

    // MARK: Mutated

    private static let alphabet =
        Array("{}[]\",:\\ut0123456789.eE+-aflsrn \t\n\u{0}\u{1F}\u{7F}".utf8) + [
            0x80, 0xBF, 0xC0, 0xE4, 0xED, 0xF0, 0xF4, 0xFF,
        ]

    /// The same with one to three bytes changed, inserted or removed, or cut short, or doubled.
    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            let byte = Self.alphabet.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1, 2: bytes.insert(byte, at: place)
            case 3, 4: if place < bytes.count { bytes[place] = byte }
            case 5: if place < bytes.count { bytes.remove(at: place) }
            case 6: if random.once(in: 3) { bytes.removeSubrange(place...) }
            default:
                let end = min(place + Int.random(in: 0...8, using: &random), bytes.count)
                bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &random))
            }
        }
        return bytes
    }

    mutating func noise() -> [UInt8] {
        (0..<Int.random(in: 0...24, using: &random)).map { _ in
            random.once(in: 4)
                ? UInt8.random(in: 0...255, using: &random) : Self.alphabet.randomElement(using: &random) ?? 0
        }
    }
}

/// An object's text in its parts, so that a test can say what an edit should make of it.
struct ObjectParts {
    struct Member {
        let name: String
        /// The key as written, with the colon.
        let key: [UInt8]
        var value: [UInt8]
    }

    var opening: [UInt8]
    var members: [Member] = []
    /// One less than members.
    var separators: [[UInt8]] = []
    var closing: [UInt8] = []

    var bytes: [UInt8] { text(of: Array(members.indices)) }

    func isNamed(_ name: String, _ index: Int) -> Bool {
        members[index].name.utf8.elementsEqual(name.utf8)
    }

    /// The text with only these members, each with the separator before it.
    func text(of kept: [Int]) -> [UInt8] {
        var bytes = opening
        for (place, index) in kept.enumerated() {
            if place > 0 { bytes += separators[index - 1] }
            bytes += members[index].key + members[index].value
        }
        return bytes + closing
    }

    func removing(_ name: String) -> [UInt8] {
        text(of: members.indices.filter { !isNamed(name, $0) })
    }

    func setting(_ name: String, to value: [UInt8]) -> [UInt8] {
        guard let last = members.indices.last(where: { isNamed(name, $0) }) else {
            return appending(name, value)
        }
        var copy = self
        copy.members[last].value = value
        return copy.text(of: members.indices.filter { $0 == last || !isNamed(name, $0) })
    }

    private func appending(_ name: String, _ value: [UInt8]) -> [UInt8] {
        let written = name.replacing("\"", with: #"\""#).replacing("\u{7}", with: #"\u0007"#)
        let member = Array(#""\#(written)":"#.utf8) + value
        if members.isEmpty {
            let brace = opening.prefix { $0 != UInt8(ascii: "{") }.count + 1
            return opening.prefix(brace) + member + opening.dropFirst(brace) + closing
        }
        return text(of: Array(members.indices)).dropLast(closing.count) + Array(",".utf8) + member + closing
    }
}
