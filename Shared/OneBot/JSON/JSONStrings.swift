/// JSON strings to text: escapes and surrogate pairs resolved, half a pair read as U+FFFD. The ``FrameScanner`` has
/// checked the bytes before.
enum JSONStrings {
    /// The text of a string value, its quotes included; `nil` for a value that is not a string.
    static func text(ofQuoted value: UnsafeRawBufferPointer) -> String? {
        guard value.count >= 2, value[0] == UInt8(ascii: "\"") else { return nil }
        let inside = UnsafeRawBufferPointer(rebasing: value[1..<value.count - 1])
        return text(of: inside, hasEscapes: inside.contains(UInt8(ascii: "\\")))
    }

    /// The text between the quotes.
    static func text(of bytes: UnsafeRawBufferPointer, hasEscapes: Bool) -> String {
        guard hasEscapes else { return String(decoding: bytes, as: UTF8.self) }
        // No escape is shorter than the UTF-8 it stands for.
        return String(unsafeUninitializedCapacity: bytes.count) { resolve(bytes, into: $0) }
    }

    /// Whether `bytes`, a string's inside, is `text`, byte for byte.
    static func isEqual(_ bytes: UnsafeRawBufferPointer, hasEscapes: Bool, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        if !hasEscapes { return bytes.count == text.count && bytes.elementsEqual(text) }
        guard bytes.count > text.count else { return false }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytes.count) { resolved in
            UnsafeBufferPointer(rebasing: resolved[..<resolve(bytes, into: resolved)]).elementsEqual(text)
        }
    }

    /// Writes the UTF-8 of a string's inside to `output`, which holds at least as many bytes, and returns its length.
    private static func resolve(_ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<UInt8>) -> Int
    {
        var input = 0
        var length = 0
        while input < bytes.count {
            let byte = bytes[input]
            guard byte == UInt8(ascii: "\\"), input + 1 < bytes.count else {
                output.initializeElement(at: length, to: byte)
                (input, length) = (input + 1, length + 1)
                continue
            }
            let letter = bytes[input + 1]
            input += 2
            if letter == UInt8(ascii: "u") {
                let scalar = scalar(in: bytes, at: &input)
                for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                    output.initializeElement(at: length, to: unit)
                    length += 1
                }
            } else {
                output.initializeElement(at: length, to: character(escapedAs: letter))
                length += 1
            }
        }
        return length
    }

    /// The scalar whose four digits stand at `input`, with the other half of its pair where it is one; U+FFFD where
    /// that is missing.
    private static func scalar(in bytes: UnsafeRawBufferPointer, at input: inout Int) -> Unicode.Scalar {
        let unit = hexUnit(in: bytes, at: input)
        input += 4
        guard UTF16.isLeadSurrogate(unit), input + 6 <= bytes.count, bytes[input] == UInt8(ascii: "\\"),
            bytes[input + 1] == UInt8(ascii: "u")
        else { return Unicode.Scalar(unit) ?? "\u{FFFD}" }
        let trail = hexUnit(in: bytes, at: input + 2)
        // The escape that follows is then read by itself.
        guard UTF16.isTrailSurrogate(trail) else { return "\u{FFFD}" }
        input += 6
        return Unicode.Scalar(0x10000 + (UInt32(unit & 0x3FF) << 10) + UInt32(trail & 0x3FF)) ?? "\u{FFFD}"
    }

    private static func hexUnit(in bytes: UnsafeRawBufferPointer, at start: Int) -> UInt16 {
        guard start + 4 <= bytes.count else { return 0xFFFD }
        return bytes[start..<start + 4].reduce(0) { $0 << 4 | UInt16(hexValue(of: $1) ?? 0) }
    }

    private static func character(escapedAs letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }

    @inline(__always)
    static func hexValue(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
