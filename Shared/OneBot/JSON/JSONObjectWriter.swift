public import NIOCore

/// Writes one JSON object, member by member, in the order given. For our own messages; what peers sent is passed on as
/// bytes.
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
            let length = bytes.reduce(2) { $0 + JSONStrings.escapedLength(of: $1) }
            writeWithUnsafeMutableBytes(minimumWritableBytes: length) { output in
                output[0] = UInt8(ascii: "\"")
                var place = 1
                for byte in bytes { JSONStrings.escape(byte, into: output, at: &place) }
                output[place] = UInt8(ascii: "\"")
                return place + 1
            }
        }
    }
}
