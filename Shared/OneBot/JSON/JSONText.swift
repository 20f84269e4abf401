public import NIOCore

/// The bytes of one valid JSON value, kept as the sender wrote them, and read only when somebody asks.
public struct JSONText: Sendable {
    public enum Kind: Sendable, Hashable { case object, array, string, number, boolean, null }

    /// Exactly the value: no white space around it.
    public let bytes: ByteBuffer
    public let kind: Kind

    init(bytes: ByteBuffer, kind: Kind) {
        self.bytes = bytes
        self.kind = kind
    }

    /// Checks and keeps any JSON value (an object, array, string, number, boolean or null).
    public init(validating bytes: ByteBuffer) throws(JSONError) {
        let text = bytes.withoutByteOrderMark
        let range = try text.withUnsafeReadableBytes { pointer throws(JSONError) in
            var scanner = FrameScanner(pointer)
            do throws(JSONError) {
                try scanner.scan()
            } catch {
                throw error.shifted(by: bytes.readableBytes - text.readableBytes)
            }
            return scanner.value
        }
        self.init(slice: range, of: text)
    }

    /// The value that stands in that range of a valid text's readable bytes.
    init(slice range: Range<Int>, of text: ByteBuffer) {
        guard let bytes = text.getSlice(at: text.readerIndex + range.lowerBound, length: range.count), !range.isEmpty
        else {
            preconditionFailure(
                "JSONText.init(slice:of:): \(range) is no value of a text of \(text.readableBytes) bytes")
        }
        self.init(bytes: bytes, kind: bytes.withUnsafeReadableBytes { Kind(of: $0) })
    }

    /// The text of a string, escapes resolved; `nil` for any other kind.
    public var string: String? {
        bytes.withUnsafeReadableBytes(JSONStrings.text(ofQuoted:))
    }

    /// A number that is a whole number in the range of `Int64` (`1`, `1.0` and `1e3` are; `1.5` is not).
    public var int64: Int64? {
        bytes.withUnsafeReadableBytes(JSONNumbers.int64(of:))
    }

    /// Any number, as a double; `nil` for one that is too large to be one (`1e400`).
    public var double: Double? {
        guard kind == .number, let number = Double(String(buffer: bytes)), number.isFinite else { return nil }
        return number
    }

    public var bool: Bool? {
        guard kind == .boolean else { return nil }
        return bytes.readableBytes == 4
    }

    public var isNull: Bool { kind == .null }

    /// The object, with its members found; `nil` for any other kind.
    public var object: JSONObject? {
        guard kind == .object else { return nil }
        // `try?`: it was checked as part of a larger text, so this cannot fail.
        return try? JSONObject(bytes)
    }

    /// The elements of an array; `nil` for any other kind.
    public var array: [JSONText]? {
        guard kind == .array else { return nil }
        let elements = bytes.withUnsafeReadableBytes { pointer in
            var scanner = FrameScanner(pointer)
            // `try?`: it was checked as part of a larger text, so this cannot fail.
            try? scanner.scan()
            return scanner.children
        }
        return elements.map { JSONText(slice: $0.value, of: bytes) }
    }
}

extension JSONText.Kind {
    /// What a valid value is, by its first byte.
    init(of value: UnsafeRawBufferPointer) {
        switch value.first {
        case UInt8(ascii: "{"): self = .object
        case UInt8(ascii: "["): self = .array
        case UInt8(ascii: "\""): self = .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): self = .boolean
        case UInt8(ascii: "n"): self = .null
        default: self = .number
        }
    }
}
