import TestSupport

/// Makes broken inputs out of valid ones, with changes that most easily mislead a parser.
struct Mutator {
    /// Valid inputs to begin with.
    let seeds: [[UInt8]]
    /// Tokens of this language, which are inserted anywhere.
    let words: [[UInt8]]

    /// Longer inputs find nothing new, and take longer.
    private static let maxBytes = 1 << 14

    init(seeds: [[UInt8]], words: [String]) {
        self.seeds = seeds
        self.words = words.map { Array($0.utf8) }
    }

    /// Numbers at whose edges something overflows.
    static let numbers = [
        "0", "-0", "-1", "1e1", "1.0", "127", "128", "255", "256", "32767", "65535", "65536", "2147483647",
        "2147483648",
        "4294967295", "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "1e308",
        "1e309",
        "-1e-400", "1E+99999999999999999999", "0.000000000000000000000000000001e30", "00", "1.", ".5", "NaN",
        "Infinity",
        "0x10", "1e", "1e+", "９", "99999999999999999999999999999999999999999999999999999999999999999999999999999",
    ]

    /// Pieces of text that decoding may get wrong: halves of surrogate pairs, overlong forms, escapes that end too
    /// early.
    static let texts: [[UInt8]] = [
        Array(#"\ud83d"#.utf8), Array(#"\ude00"#.utf8), Array(#"\ud83d\ude00"#.utf8), Array(#"\ud83d\ud83d"#.utf8),
        Array(#"\u"#.utf8), Array(#"\u00"#.utf8), Array(#"\u0000"#.utf8), Array(#"\""#.utf8), Array(#"\"#.utf8),
        Array("😀".utf8), Array("é".utf8), Array("e\u{301}".utf8), [0xC0, 0x80], [0xED, 0xA0, 0x80],
        [0xF4, 0x90, 0x80, 0x80],
        [0xF0, 0x9F, 0x98], [0xE2, 0x80], [0xC2], [0xFF], [0x00], [0x0A], [0x0D, 0x0A], [0xEF, 0xBB, 0xBF], [0x7F],
    ]

    func input(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes = seeds.randomElement(using: &random) ?? []
        // Some stay unchanged, so that valid inputs are checked as well.
        for _ in 0..<Int.random(in: 0...6, using: &random) { change(&bytes, &random) }
        if bytes.count > Self.maxBytes { bytes.removeSubrange(Self.maxBytes...) }
        return bytes
    }

    func change(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1 where place < bytes.count: bytes[place] = .random(in: 0...255, using: &random)
        case 2: bytes.removeSubrange(range(from: place, bytes, &random))
        case 3: bytes.removeSubrange(place...)
        case 4:  // Once more, or many times: duplicate members, deep nesting.
            let piece = Array(bytes[range(from: place, bytes, &random)])
            let times = random.once(in: 8) ? Int.random(in: 0...600, using: &random) : 1
            let room = max(0, Self.maxBytes - bytes.count) / max(1, piece.count)
            bytes.insert(contentsOf: (0..<min(times, room)).flatMap { _ in piece }, at: place)
        case 5:  // A piece of another.
            let other = seeds.randomElement(using: &random) ?? []
            let start = Int.random(in: 0...other.count, using: &random)
            bytes.replaceSubrange(range(from: place, bytes, &random), with: other[range(from: start, other, &random)])
        case 6: replaceNumber(&bytes, near: place, &random)
        case 7: bytes.insert(contentsOf: Self.texts.randomElement(using: &random) ?? [], at: place)
        case 8:  // Two pieces change places.
            let piece = Array(bytes[range(from: place, bytes, &random)])
            let other = Int.random(in: 0...bytes.count, using: &random)
            bytes.replaceSubrange(range(from: other, bytes, &random), with: piece)
        case 9: bytes.insert(.random(in: 0...255, using: &random), at: place)
        default: bytes.insert(contentsOf: words.randomElement(using: &random) ?? [], at: place)
        }
    }

    /// Most are short.
    private func range(from place: Int, _ bytes: [UInt8], _ random: inout SeededGenerator) -> Range<Int> {
        let rest = bytes.count - place
        let length = Int.random(in: 0...min(rest, random.once(in: 4) ? rest : 24), using: &random)
        return place..<place + length
    }

    private func replaceNumber(_ bytes: inout [UInt8], near place: Int, _ random: inout SeededGenerator) {
        func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
        let number = Array((Self.numbers.randomElement(using: &random) ?? "0").utf8)
        guard let start = bytes[place...].firstIndex(where: isDigit) else {
            bytes.insert(contentsOf: number, at: place)
            return
        }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: number)
    }
}

extension SeededGenerator {
    /// The same bytes in pieces, as a network might bring them; not too many pieces.
    mutating func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        let most = max([1, 3, 16, 200, bytes.count].randomElement(using: &self) ?? 1, bytes.count / 200)
        var pieces: [ArraySlice<UInt8>] = []
        var place = 0
        while place < bytes.count {
            let end = min(bytes.count, place + Int.random(in: 1...max(1, most), using: &self))
            pieces.append(bytes[place..<end])
            place = end
        }
        return pieces
    }
}
