public import NIOCore

/// Writes one JSON object, member by member, in the order given. For messages of ours; what peers sent is passed as bytes.
public struct JSONObjectWriter {
    private var buffer: ByteBuffer
    private var isEmpty = true

    public init(capacity: Int = 256) {
        buffer = ByteBufferAllocator().buffer(capacity: capacity)
        buffer.writeInteger(UInt8(ascii: "{"))
    }

    public mutating func add(_ key: StaticString, _ text: String) {
        begin(key)
        buffer.writeJSONString(text)
    }

    public mutating func add(_ key: StaticString, _ number: some BinaryInteger) {
        begin(key)
        buffer.writeString(String(number))
    }

    public mutating func add(_ key: StaticString, _ flag: Bool) {
        begin(key)
        buffer.writeStaticString(flag ? "true" : "false")
    }

    /// `json` must be valid JSON; it is written as it is.
    public mutating func add(_ key: StaticString, json: ByteBuffer) {
        begin(key)
        buffer.writeImmutableBuffer(json)
    }

    public mutating func addNull(_ key: StaticString) {
        begin(key)
        buffer.writeStaticString("null")
    }

    public consuming func finish() -> ByteBuffer {
        buffer.writeInteger(UInt8(ascii: "}"))
        return buffer
    }

    private mutating func begin(_ key: StaticString) {
        if !isEmpty { buffer.writeInteger(UInt8(ascii: ",")) }
        isEmpty = false
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeStaticString(key)
        buffer.writeStaticString("\":")
    }
}

extension ByteBuffer {
    /// Writes `text` as a JSON string, quotes included; only what JSON requires is escaped.
    public mutating func writeJSONString(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            reserveCapacity(minimumWritableBytes: bytes.count + 2)
            writeInteger(UInt8(ascii: "\""))
            var written = 0
            for index in bytes.indices where Self.needsEscape(bytes[index]) {
                writeBytes(bytes[written..<index])
                writeEscape(of: bytes[index])
                written = index + 1
            }
            writeBytes(bytes[written...])
            writeInteger(UInt8(ascii: "\""))
        }
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func writeEscape(of byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): writeStaticString(#"\""#)
        case UInt8(ascii: "\\"): writeStaticString(#"\\"#)
        case 0x08: writeStaticString(#"\b"#)
        case 0x09: writeStaticString(#"\t"#)
        case 0x0A: writeStaticString(#"\n"#)
        case 0x0C: writeStaticString(#"\f"#)
        case 0x0D: writeStaticString(#"\r"#)
        default:
            writeStaticString(byte < 0x10 ? #"\u000"# : #"\u001"#)
            let digit = byte & 0x0F
            writeInteger(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
