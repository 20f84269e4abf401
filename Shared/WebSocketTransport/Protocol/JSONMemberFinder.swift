import NIOCore

/// Finds the value of one member of a JSON object while the object's bytes pass by, and keeps nothing else: for
/// messages that are not kept.
///
/// Only the object's own members count, not those of nested objects or texts in strings. Names are compared after their
/// escapes are resolved, and where a name is repeated, the last one counts. It trusts that the bytes are JSON.
struct JSONMemberFinder: Equatable {
    /// Longer values are not kept.
    static let maxValueBytes = 64 << 10

    private enum Phase: Equatable {
        /// Before the opening brace.
        case start
        case within
        /// Behind the closing brace, or it is not an object.
        case over
    }

    /// What the next token of the object itself has to be.
    private enum Expected: Equatable { case name, colon, value }

    /// Where in a string we are.
    private enum Text: Equatable {
        case plain
        /// Behind a backslash.
        case escape
        /// Within `\uXXXX`: how many digits are still to come, and the value of those that have come.
        case digits(Int, UInt16)
    }

    private let name: [UInt8]
    private var phase = Phase.start
    private var depth = 0
    private var expected = Expected.name
    /// `nil` outside of strings.
    private var text: Text?
    /// How many bytes of the name the present key has matched so far; `nil` where it is another key, or no key is being
    /// read.
    private var matched: Int?
    /// The value that is being read, where it is the wanted one.
    private var value: ByteBuffer?
    private var found: ByteBuffer?

    init(_ name: String) { self.name = Array(name.utf8) }

    /// The value as it was written; `nil` where there was none so far.
    var result: ByteBuffer? { found }

    /// - Parameters:
    ///   - key: unmasks the bytes; `offset` is their place in the frame.
    mutating func read(_ bytes: UnsafeRawBufferPointer, key: MaskingKey? = nil, offset: Int = 0) {
        guard phase != .over else { return }
        let mask = key?.bytes(from: offset) ?? 0
        var index = 0
        while index < bytes.count {
            if text == .plain, matched == nil, value == nil {
                // Most of a large message is one long string: eight bytes at a time.
                let mask = mask.rotated(by: index)
                while index + 8 <= bytes.count {
                    let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
                    guard !Self.endsText(word ^ mask) else { break }
                    index += 8
                }
                guard index < bytes.count else { return }
            }
            read(bytes[index] ^ UInt8(truncatingIfNeeded: mask.rotated(by: index)))
            if phase == .over { return }
            index += 1
        }
    }

    private mutating func read(_ byte: UInt8) {
        switch phase {
        case .over: return
        case .start:
            switch byte {
            case UInt8(ascii: "{"):
                phase = .within
                depth = 1
            // White space, or a byte order mark.
            case 0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF: return
            default: phase = .over
            }
        case .within:
            if let text { read(byte, in: text) } else { readToken(byte) }
        }
    }

    private mutating func readToken(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""):
            text = .plain
            matched = depth == 1 && expected == .name ? 0 : nil
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth -= 1
            if depth == 0 { endMember() }
        case UInt8(ascii: ",") where depth == 1: endMember()
        case UInt8(ascii: ":") where depth == 1 && expected != .value:
            if matched == name.count { value = ByteBuffer() }
            matched = nil
            expected = .value
            return
        default: break
        }
        if depth > 0, value != nil { keep(byte) }
    }

    private mutating func read(_ byte: UInt8, in place: Text) {
        if value != nil { keep(byte) }
        switch place {
        case .plain:
            switch byte {
            case UInt8(ascii: "\\"): text = .escape
            case UInt8(ascii: "\""):
                text = nil
                if depth == 1, expected == .name { expected = .colon }
            default: match(byte)
            }
        case .escape:
            text = byte == UInt8(ascii: "u") ? .digits(4, 0) : .plain
            if byte != UInt8(ascii: "u") { match(Self.escaped(byte)) }
        case .digits(let left, let number):
            let number = number << 4 | UInt16(Self.digit(byte))
            text = left > 1 ? .digits(left - 1, number) : .plain
            if left == 1 { match(number < 0x80 ? UInt8(number) : nil) }
        }
    }

    /// Takes one more byte of a key; `nil`: a character that the name cannot have.
    private mutating func match(_ byte: UInt8?) {
        guard let count = matched else { return }
        matched = count < name.count && name[count] == byte ? count + 1 : nil
    }

    private mutating func keep(_ byte: UInt8) {
        guard let size = value?.readableBytes else { return }
        // White space before it is not part of it.
        if size == 0, Self.isSpace(byte) { return }
        if size == Self.maxValueBytes {
            value = nil
            found = nil
        } else {
            value?.writeInteger(byte)
        }
    }

    private mutating func endMember() {
        if var value {
            while let last = value.readableBytesView.last, Self.isSpace(last) {
                value.moveWriterIndex(to: value.writerIndex - 1)
            }
            found = value.readableBytes == 0 ? nil : value
        }
        value = nil
        matched = nil
        expected = .name
        if depth == 0 { phase = .over }
    }

    // MARK: Bytes

    /// Whether a quote or a backslash is among eight bytes.
    private static func endsText(_ word: UInt64) -> Bool {
        hasZero(word ^ 0x2222_2222_2222_2222) || hasZero(word ^ 0x5C5C_5C5C_5C5C_5C5C)
    }

    private static func hasZero(_ word: UInt64) -> Bool {
        (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080 != 0
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    private static func escaped(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: byte
        }
    }

    /// For a byte that is not a digit it returns anything: then the bytes are not JSON either.
    private static func digit(_ byte: UInt8) -> UInt8 {
        let number = byte <= UInt8(ascii: "9") ? byte &- UInt8(ascii: "0") : (byte & 0xDF) &- UInt8(ascii: "A") &+ 10
        return number & 0xF
    }
}

extension MaskingKey {
    /// The key repeated over eight bytes that begin at `offset` of the payload, the first byte lowest.
    fileprivate func bytes(from offset: Int) -> UInt64 {
        let first = value.byteSwapped
        return (UInt64(first) << 32 | UInt64(first)).rotated(by: offset)
    }
}

extension UInt64 {
    /// The same mask for the bytes that come `count` later.
    fileprivate func rotated(by count: Int) -> UInt64 {
        let bits = UInt64(count & 3) * 8
        return bits == 0 ? self : self >> bits | self << (64 - bits)
    }
}
