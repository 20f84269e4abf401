extension JSONStrings {
    /// How many bytes a byte of UTF-8 takes in a JSON string.
    @inline(__always)
    static func escapedLength(of byte: UInt8) -> Int {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): 2
        case 0x20...: 1
        default: letter(for: byte) == nil ? 6 : 2
        }
    }

    /// Writes a byte of UTF-8 as it stands in a JSON string: ``escapedLength(of:)`` bytes.
    @inline(__always)
    static func escape(_ byte: UInt8, into output: UnsafeMutableRawBufferPointer, at place: inout Int) {
        if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
            output[place] = byte
            place += 1
            return
        }
        output[place] = UInt8(ascii: "\\")
        if let letter = letter(for: byte) {
            output[place + 1] = letter
            place += 2
        } else {
            let digit = byte & 0x0F
            output[place + 1] = UInt8(ascii: "u")
            output[place + 2] = UInt8(ascii: "0")
            output[place + 3] = UInt8(ascii: "0")
            output[place + 4] = UInt8(ascii: "0") + byte >> 4
            output[place + 5] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            place += 6
        }
    }

    /// What stands behind the backslash, for the bytes that have a short escape (RFC 8259 §7).
    private static func letter(for byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
        case 0x08: UInt8(ascii: "b")
        case 0x09: UInt8(ascii: "t")
        case 0x0A: UInt8(ascii: "n")
        case 0x0C: UInt8(ascii: "f")
        case 0x0D: UInt8(ascii: "r")
        default: nil
        }
    }
}
