import NIOCore

/// What a broker sends, byte by byte (AMQP 0-9-1 §4.2).
enum BrokerBytes {
    static func start(mechanisms: String = "PLAIN AMQPLAIN", product: String = "RabbitMQ") -> ByteBuffer {
        method(10, 10) { buffer in
            buffer.writeBytes([0, 9])
            buffer.writeTable([("product", product), ("version", "3.10.8")])
            buffer.writeLong(mechanisms)
            buffer.writeLong("en_US")
        }
    }

    static func tune(channelMax: UInt16 = 2047, frameMax: UInt32 = 131_072, heartbeat: UInt16 = 60) -> ByteBuffer {
        method(10, 30) { buffer in
            buffer.writeInteger(channelMax)
            buffer.writeInteger(frameMax)
            buffer.writeInteger(heartbeat)
        }
    }

    static let openOK = method(10, 41) { $0.writeShort("") }
    static func channelOpenOK(_ channel: UInt16) -> ByteBuffer { method(20, 11, channel) { $0.writeLong("") } }
    static func blocked(_ reason: String) -> ByteBuffer { method(10, 60) { $0.writeShort(reason) } }
    static let unblocked = method(10, 61) { _ in }

    static func close(_ code: UInt16, _ text: String) -> ByteBuffer {
        method(10, 50) { buffer in
            buffer.writeInteger(code)
            buffer.writeShort(text)
            buffer.writeInteger(UInt32(0))
        }
    }

    static func deliver(_ channel: UInt16, tag: UInt64, key: String) -> ByteBuffer {
        method(60, 60, channel) { buffer in
            buffer.writeShort("perpetua")
            buffer.writeInteger(tag)
            buffer.writeInteger(UInt8(0))
            buffer.writeShort("exchange")
            buffer.writeShort(key)
        }
    }

    static func queueDeclareOK(_ channel: UInt16, _ queue: String) -> ByteBuffer {
        method(50, 11, channel) { buffer in
            buffer.writeShort(queue)
            buffer.writeInteger(UInt64(0))
        }
    }

    static func channelClose(_ channel: UInt16, _ code: UInt16, _ text: String) -> ByteBuffer {
        method(20, 40, channel) { buffer in
            buffer.writeInteger(code)
            buffer.writeShort(text)
            buffer.writeInteger(UInt32(0))
        }
    }

    static func ack(_ channel: UInt16, tag: UInt64, multiple: Bool) -> ByteBuffer {
        method(60, 80, channel) { buffer in
            buffer.writeInteger(tag)
            buffer.writeInteger(UInt8(multiple ? 1 : 0))
        }
    }

    /// Content header with content type, headers and delivery mode.
    static func header(_ channel: UInt16, bodyBytes: UInt64) -> ByteBuffer {
        frame(2, channel) { buffer in
            buffer.writeInteger(UInt16(60))
            buffer.writeInteger(UInt16(0))
            buffer.writeInteger(bodyBytes)
            buffer.writeInteger(UInt16(1 << 15 | 1 << 13 | 1 << 12))
            buffer.writeShort("application/json")
            buffer.writeTable([("x-perpetua-version", "1")])
            buffer.writeInteger(UInt8(2))
        }
    }

    static func body(_ channel: UInt16, _ text: String) -> ByteBuffer { frame(3, channel) { $0.writeString(text) } }
    static let heartbeat = frame(8, 0) { _ in }

    /// A table within a table within …, as deep as a frame can hold.
    static func nestedStart(depth: Int) -> ByteBuffer {
        method(10, 10) { buffer in
            buffer.writeBytes([0, 9])
            for level in (0..<depth).reversed() {
                buffer.writeInteger(UInt32(7 * level))
                if level > 0 { buffer.writeBytes([1, UInt8(ascii: "k"), UInt8(ascii: "F")]) }
            }
            buffer.writeLong("PLAIN")
            buffer.writeLong("en_US")
        }
    }

    static func method(
        _ classID: UInt16, _ id: UInt16, _ channel: UInt16 = 0, _ fields: (inout ByteBuffer) -> Void
    ) -> ByteBuffer {
        frame(1, channel) { buffer in
            buffer.writeInteger(classID)
            buffer.writeInteger(id)
            fields(&buffer)
        }
    }

    static func frame(_ type: UInt8, _ channel: UInt16, _ payload: (inout ByteBuffer) -> Void) -> ByteBuffer {
        var inner = ByteBuffer()
        payload(&inner)
        var frame = ByteBuffer()
        frame.writeInteger(type)
        frame.writeInteger(channel)
        frame.writeInteger(UInt32(inner.readableBytes))
        frame.writeBuffer(&inner)
        frame.writeInteger(UInt8(0xCE))
        return frame
    }
}

extension ByteBuffer {
    fileprivate mutating func writeShort(_ text: String) {
        writeInteger(UInt8(text.utf8.count))
        writeString(text)
    }

    fileprivate mutating func writeLong(_ text: String) {
        writeInteger(UInt32(text.utf8.count))
        writeString(text)
    }

    fileprivate mutating func writeTable(_ entries: [(String, String)]) {
        var inner = ByteBuffer()
        for (key, value) in entries {
            inner.writeShort(key)
            inner.writeInteger(UInt8(ascii: "S"))
            inner.writeLong(value)
        }
        writeInteger(UInt32(inner.readableBytes))
        writeBuffer(&inner)
    }
}
