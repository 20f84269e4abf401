import Testing

@testable import WebSocketTransport

@Suite("UTF8Validator")
struct UTF8ValidatorTests {
    @Test(
        "every character of the table's corners is valid, in one piece or byte by byte",
        arguments: [
            "", "ascii", "\u{7F}\u{80}", "\u{7FF}\u{800}", "\u{D7FF}\u{E000}", "\u{FFFF}\u{10000}", "\u{10FFFF}",
            "\u{0}",
            "eight bytes and more of ASCII, then 名前 and 🐈, then ASCII again to the end",
        ])
    func valid(text: String) {
        #expect(isValid(Array(text.utf8)))
        #expect(isValid(Array(text.utf8), pieceBytes: 1))
    }

    @Test(
        "what is no UTF-8 is refused, in one piece or byte by byte",
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2, 0x20], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE],
            [0xFF],
            [0xE5, 0x90], [0xF0, 0x9F, 0x90], [0xC3], Array("12345678".utf8) + [0xFF],
        ] as [[UInt8]])
    func invalid(bytes: [UInt8]) {
        #expect(!isValid(bytes))
        #expect(!isValid(bytes, pieceBytes: 1))
    }

    @Test("a byte that is no UTF-8 is found at any place of a long text")
    func invalidAnywhere() {
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 100)
        #expect(isValid(text))
        for place in text.indices {
            var bytes = text
            bytes[place] = 0x80
            #expect(!isValid(bytes), "at \(place)")
        }
    }

    @Test("it agrees with the standard library on random bytes, however they are cut")
    func agrees() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let corners: [UInt8] = [
            0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF4,
        ]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                Bool.random(using: &generator)
                    ? corners.randomElement(using: &generator) ?? 0 : UInt8.random(in: 0...255, using: &generator)
            }
            let expected = String(validating: bytes, as: UTF8.self) != nil
            let pieceBytes = Int.random(in: 1...5, using: &generator)
            #expect(
                isValid(bytes, pieceBytes: pieceBytes) == expected, "\(bytes) in pieces of \(pieceBytes), seed \(seed)")
        }
    }

    private func isValid(_ bytes: [UInt8], pieceBytes: Int = .max) -> Bool {
        var validator = UTF8Validator()
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieceBytes))
            rest = rest.dropFirst(piece.count)
            guard piece.withUnsafeBytes({ validator.consume($0) }) else { return false }
        }
        return validator.isComplete
    }
}
