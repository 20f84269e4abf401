import Bus
import NIOCore
import Testing

@testable import AMQP

@Suite("AMQPEncoder")
struct AMQPEncoderTests {
    /// Decodes what we encoded, with the code for the other direction: the broker's methods have the same form.
    private func frames(_ bytes: ByteBuffer) throws -> [AMQPFrame] {
        var frames: [AMQPFrame] = []
        try AMQPDecoder().decode(bytes) { frames.append($0) }
        return frames
    }

    @Test("a message comes out with every property it went in with, its body cut into frames")
    func publish() throws {
        let encoder = AMQPEncoder()
        encoder.frameMax = 4096
        var properties = MessageProperties()
        properties.messageID = "7-1"
        properties.type = "event"
        properties.appID = "ws-edge"
        properties.timestamp = 1_700_000_000
        properties.replyTo = "somewhere"
        properties.correlationID = "c1"
        properties.expiration = .milliseconds(1500)
        properties.isPersistent = true
        properties.priority = 9
        properties.headers = ["x-perpetua-version": "1", "traceparent": "00-ü"]
        var out = ByteBuffer()
        let message = Message(ByteBuffer(repeating: 7, count: 10_000), properties)
        try encoder.publish(
            message, to: Exchange("e", .topic), key: "k", publishTag: 12, channel: 3, into: &out)
        let all = try frames(out)
        guard case .header(3, 10_000, let decoded, publishTag: 12) = all[1] else {
            Issue.record("\(all)")
            return
        }
        #expect(decoded == properties)
        let bodies = all.dropFirst(2).map { frame -> Int in
            if case .body(3, let part) = frame { part.readableBytes } else { -1 }
        }
        #expect(bodies == [4088, 4088, 1824])
    }

    @Test("a name over 255 bytes, or headers over a frame, are refused, and nothing of them is written")
    func tooLong() throws {
        let encoder = AMQPEncoder()
        var out = ByteBuffer(string: "before")
        let long = RoutingKey(String(repeating: "k", count: 256))
        #expect(throws: AMQPError.self) {
            try encoder.publish(
                Message(ByteBuffer()), to: .toQueue, key: long, publishTag: nil, channel: 1, into: &out)
        }
        var properties = MessageProperties()
        properties.headers = ["h": String(repeating: "x", count: 200_000)]
        #expect(throws: AMQPError.self) {
            try encoder.publish(
                Message(ByteBuffer(), properties), to: .toQueue, key: "k", publishTag: nil, channel: 1, into: &out)
        }
        #expect(throws: AMQPError.self) {
            try encoder.method(.queueDelete(QueueName(long.text)), channel: 1, into: &out)
        }
        #expect(String(buffer: out) == "before")
    }
}
