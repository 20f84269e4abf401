import Bus
import Contracts
import NIOCore

@testable import AMQP

/// Messages as bytes for the broker, and back.
enum AMQPFrames {
    static let all = [
        Benchmark(name: "amqp-publish", title: "encode a publish of an event", count: 2000) {
            let encoder = AMQPEncoder()
            encoder.frameMax = 128 << 10
            let message = event
            return .calls { count in
                for _ in 0..<count {
                    var out = ByteBufferAllocator().buffer(capacity: 4096)
                    try encoder.publish(message, to: exchange, key: key, publishTag: nil, channel: 1, into: &out)
                    keep(out)
                }
            }
        },
        Benchmark(name: "amqp-delivery", title: "decode a delivery of an event", count: 2000) {
            let decoder = try AMQPDecoder()
            let bytes = try delivered
            var assembly = ContentAssembly()
            return .calls { count in
                for _ in 0..<count {
                    var message: Message?
                    try decoder.decode(bytes) { frame throws(AMQPError) in
                        switch frame {
                        case .method(_, .basicDeliver(let tag, let redelivered, let exchange, let key)):
                            try assembly.begin(
                                .delivery(
                                    tag: tag, redelivered: redelivered, exchange: exchange, key: RoutingKey(key)))
                        case .header(_, let bodyBytes, let properties, let publishTag):
                            _ = try assembly.header(properties, bodyBytes: bodyBytes, publishTag: publishTag)
                        case .body(_, let part): message = try assembly.body(part)?.message
                        case .method, .heartbeat, .protocolHeader: break
                        }
                    }
                    try check(message?.body.readableBytes == Frames.event.readableBytes, "No message came out.")
                    keep(message)
                }
            }
        },
    ]

    private static let exchange = Exchanges().events
    private static let key: RoutingKey = "10001.message.group.normal"

    private static var event: Message {
        var properties = MessageProperties("event", from: .edge, id: "1700000000000-4711", at: 1_700_000_000)
        properties.isPersistent = true
        return Message(Frames.event, properties)
    }

    /// A delivery as a broker sends it: its method, then header and body of a publish, which are the same in both
    /// directions.
    private static var delivered: ByteBuffer {
        get throws {
            let encoder = AMQPEncoder()
            encoder.frameMax = 128 << 10
            var publish = ByteBuffer()
            try encoder.publish(event, to: exchange, key: key, publishTag: nil, channel: 1, into: &publish)
            guard let size = publish.getInteger(at: 3, as: UInt32.self) else { throw BenchmarkFailure("No frame.") }
            publish.moveReaderIndex(forwardBy: Int(size) + 8)
            var fields = ByteBuffer()
            fields.writeMultipleIntegers(UInt16(60), UInt16(60))
            fields.writeShort("perpetua")
            fields.writeInteger(UInt64(4711))
            fields.writeInteger(UInt8(0))
            fields.writeShort(exchange.name)
            fields.writeShort(key.text)
            var all = ByteBuffer()
            all.writeMultipleIntegers(UInt8(1), UInt16(1), UInt32(fields.readableBytes))
            all.writeBuffer(&fields)
            all.writeInteger(UInt8(0xCE))
            all.writeBuffer(&publish)
            return all
        }
    }
}

extension ByteBuffer {
    /// A short string (AMQP 0-9-1 §4.2.5.3).
    fileprivate mutating func writeShort(_ text: String) {
        writeInteger(UInt8(text.utf8.count))
        writeString(text)
    }
}
