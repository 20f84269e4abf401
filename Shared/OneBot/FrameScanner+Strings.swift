extension FrameScanner {
    /// Steps over the string that begins here, and says whether it has escapes.
    mutating func scanString() throws(JSONError) -> Bool {
        var hasEscapes = false
        position += 1
        while true {
            skipPlainText()
            guard position < bytes.count else { throw invalid("a string does not end") }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return hasEscapes
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try scanEscape()
            case 0x00..<0x20:
                throw invalid("a control character stands in a string")
            case 0x80...:
                try scanMultiByteScalars()
            default:
                position += 1
            }
        }
    }

    /// Steps over ASCII that means nothing in a string, eight bytes at a time.
    @inline(__always)
    private mutating func skipPlainText() {
        while position + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let special = Self.specialBytes(of: word)
            guard special == 0 else {
                position += special.trailingZeroBitCount >> 3
                return
            }
            position += 8
        }
    }

    /// The top bit of each byte that is a quote, a backslash, a control character or no ASCII. Bytes above the lowest such
    /// one may be marked in error (a borrow from below), the lowest never.
    @inline(__always)
    private static func specialBytes(of word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let found = (quotes &- ones) | (backslashes &- ones) | (word &- ones &* 0x20) | word
        return found & (ones &* 0x80)
    }

    private mutating func scanEscape() throws(JSONError) {
        let start = position
        guard start + 1 < bytes.count else { throw invalid("a string does not end", at: bytes.count) }
        position += 2
        switch bytes[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            let unit = try scanFourHexDigits()
            if UTF16.isTrailSurrogate(unit) { throw invalid("half a surrogate pair", at: start) }
            guard UTF16.isLeadSurrogate(unit) else { return }
            guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            else { throw invalid("half a surrogate pair", at: start) }
            position += 2
            guard UTF16.isTrailSurrogate(try scanFourHexDigits()) else {
                throw invalid("half a surrogate pair", at: start)
            }
        default:
            throw invalid("an escape that JSON does not have", at: start)
        }
    }

    private mutating func scanFourHexDigits() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = JSONStrings.hexValue(of: bytes[position]) else {
                throw invalid("`\\u` needs four hexadecimal digits")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    /// Steps over scalars of two to four bytes, as long as one follows another (Unicode 16, table 3-7).
    private mutating func scanMultiByteScalars() throws(JSONError) {
        while position < bytes.count, bytes[position] >= 0x80 {
            let lead = bytes[position]
            let second: ClosedRange<UInt8>
            let length: Int
            switch lead {
            case 0xC2...0xDF: (second, length) = (0x80...0xBF, 2)
            case 0xE0: (second, length) = (0xA0...0xBF, 3)
            case 0xED: (second, length) = (0x80...0x9F, 3)
            case 0xE1...0xEF: (second, length) = (0x80...0xBF, 3)
            case 0xF0: (second, length) = (0x90...0xBF, 4)
            case 0xF1...0xF3: (second, length) = (0x80...0xBF, 4)
            case 0xF4: (second, length) = (0x80...0x8F, 4)
            default: throw invalid("a string is not UTF-8")
            }
            guard position + length <= bytes.count, second.contains(bytes[position + 1]),
                length < 3 || bytes[position + 2] & 0xC0 == 0x80,
                length < 4 || bytes[position + 3] & 0xC0 == 0x80
            else { throw invalid("a string is not UTF-8") }
            position += length
        }
    }
}
