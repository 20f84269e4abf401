/// Checks UTF-8 that arrives in pieces, and notices the first byte that cannot belong to any text (RFC 3629), also in
/// surrogates, overlong forms and anything above U+10FFFF.
struct UTF8Validator {
    /// Bytes that must still follow to end the character begun.
    private var missing = 0
    /// What the next byte may be: narrower than 80…BF after E0, ED, F0 and F4.
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xBF

    /// Whether the text may end here.
    var isComplete: Bool { missing == 0 }

    /// Takes the next piece.
    /// - Returns: false once the text cannot become valid any more.
    mutating func consume(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index < bytes.count {
            if missing == 0 {
                index = Self.skipASCII(bytes, from: index)
                guard index < bytes.count else { return true }
                guard begin(bytes[index]) else { return false }
            } else {
                guard bytes[index] >= low, bytes[index] <= high else { return false }
                (low, high) = (0x80, 0xBF)
                missing -= 1
            }
            index += 1
        }
        return true
    }

    /// Takes the first byte of a character of several bytes.
    private mutating func begin(_ byte: UInt8) -> Bool {
        switch byte {
        case 0xC2...0xDF: missing = 1
        case 0xE0: (missing, low) = (2, 0xA0)
        case 0xED: (missing, high) = (2, 0x9F)
        case 0xE1...0xEF: missing = 2
        case 0xF0: (missing, low) = (3, 0x90)
        case 0xF1...0xF3: missing = 3
        case 0xF4: (missing, high) = (3, 0x8F)
        default: return false
        }
        return true
    }

    /// Most JSON is ASCII: 32 bytes at a time, then eight.
    private static func skipASCII(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index + 32 <= bytes.count, isASCII(bytes.loadUnaligned(fromByteOffset: index, as: SIMD4<UInt64>.self)) {
            index += 32
        }
        while index + 8 <= bytes.count,
            bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
            index += 8
        }
        while index < bytes.count, bytes[index] < 0x80 { index += 1 }
        return index
    }

    private static func isASCII(_ words: SIMD4<UInt64>) -> Bool {
        (words[0] | words[1] | words[2] | words[3]) & 0x8080_8080_8080_8080 == 0
    }
}
