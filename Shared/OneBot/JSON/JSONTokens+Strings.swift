extension JSONTokens {
    /// The string whose opening quote stands at `start`.
    func string(at start: Int) throws(JSONError) -> (end: Int, hasEscapes: Bool) {
        var hasEscapes = false
        var place = start + 1
        while true {
            place = endOfPlainText(from: place)
            guard place < count else { throw invalid("a string does not end", at: count) }
            switch bytes[place] {
            case UInt8(ascii: "\""):
                return (place + 1, hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                place = try endOfEscape(at: place)
            case 0x00..<0x20:
                throw invalid("a control character stands in a string", at: place)
            case 0x80...:
                place = try endOfMultiByteScalars(from: place)
            default:
                place += 1
            }
        }
    }

    /// Steps over ASCII without a special meaning in a string, eight bytes at a time; up to seven bytes at the end of
    /// the text are left to the caller.
    @inline(__always)
    private func endOfPlainText(from start: Int) -> Int {
        var place = start
        while place + 8 <= count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            let special = Self.specialBytes(of: word)
            if special != 0 { return place + special.trailingZeroBitCount >> 3 }
            place += 8
        }
        return place
    }

    /// The top bit of each byte that is a quote, a backslash, a control character or not ASCII. The lowest such byte is
    /// always right; bytes above it may be marked in error (by a borrow from below).
    @inline(__always)
    private static func specialBytes(of word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let found = (quotes &- ones) | (backslashes &- ones) | (word &- ones &* 0x20) | word
        return found & (ones &* 0x80)
    }

    private func endOfEscape(at start: Int) throws(JSONError) -> Int {
        guard start + 1 < count else { throw invalid("a string does not end", at: count) }
        switch bytes[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start + 2
        case UInt8(ascii: "u"):
            // Half of a surrogate pair is valid (RFC 8259 §8.2): its reader decides what it means.
            try checkFourHexDigits(at: start + 2)
            return start + 6
        default:
            throw invalid("an escape that JSON does not have", at: start)
        }
    }

    private func checkFourHexDigits(at start: Int) throws(JSONError) {
        for place in start..<start + 4 {
            guard place < count, JSONStrings.hexValue(of: bytes[place]) != nil else {
                throw invalid("`\\u` needs four hexadecimal digits", at: place)
            }
        }
    }

    /// Steps over scalars of two to four bytes, as long as one follows another (Unicode 16, table 3-7).
    private func endOfMultiByteScalars(from start: Int) throws(JSONError) -> Int {
        var place = start
        while place < count, bytes[place] >= 0x80 {
            let second: ClosedRange<UInt8>
            let length: Int
            switch bytes[place] {
            case 0xE1...0xEC, 0xEE...0xEF: (second, length) = (0x80...0xBF, 3)
            case 0xC2...0xDF: (second, length) = (0x80...0xBF, 2)
            case 0xE0: (second, length) = (0xA0...0xBF, 3)
            case 0xED: (second, length) = (0x80...0x9F, 3)
            case 0xF0: (second, length) = (0x90...0xBF, 4)
            case 0xF1...0xF3: (second, length) = (0x80...0xBF, 4)
            case 0xF4: (second, length) = (0x80...0x8F, 4)
            default: throw invalid("a string is not UTF-8", at: place)
            }
            guard place + length <= count, second.contains(bytes[place + 1]),
                length < 3 || bytes[place + 2] & 0xC0 == 0x80,
                length < 4 || bytes[place + 3] & 0xC0 == 0x80
            else { throw invalid("a string is not UTF-8", at: place) }
            place += length
        }
        return place
    }
}
