import NIOCore
import OneBot

extension ByteBuffer {
    /// A JSON object, written member by member.
    static func object(_ write: (inout JSONObjectWriter) -> Void) -> ByteBuffer {
        var writer = JSONObjectWriter()
        write(&writer)
        return writer.finish()
    }

    /// A JSON array of values that are JSON already.
    static func array(_ values: some Sequence<ByteBuffer>) -> ByteBuffer {
        var array = ByteBuffer(string: "[")
        var isFirst = true
        for value in values {
            if !isFirst { array.writeStaticString(",") }
            isFirst = false
            array.writeImmutableBuffer(value)
        }
        array.writeStaticString("]")
        return array
    }

    /// Whether the text contains `word`, an ASCII text, literally.
    func contains(word: StaticString) -> Bool {
        word.withUTF8Buffer { word in
            withUnsafeReadableBytes { bytes in
                guard bytes.count >= word.count else { return false }
                return (0...bytes.count - word.count).contains { start in
                    bytes[start..<start + word.count].elementsEqual(word)
                }
            }
        }
    }
}
