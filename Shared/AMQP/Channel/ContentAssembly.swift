import Bus
import NIOCore

/// A message as it comes on one channel: a method, its properties, then the body in pieces (AMQP 0-9-1 §4.2.6).
struct ContentAssembly {
    /// What began it.
    enum Start: Hashable {
        case delivery(tag: UInt64, redelivered: Bool, exchange: String, key: RoutingKey)
        case returned
    }

    struct Content {
        let start: Start
        let message: Message
        let publishTag: UInt64?
    }

    private enum State {
        case idle
        case started(Start)
        case filling(Start, MessageProperties, publishTag: UInt64?, missing: Int, ByteBuffer)
    }

    /// No broker that we use delivers more; a frame that announces more is a violation of the protocol.
    static let maxBodyBytes = 1 << 30

    private var state = State.idle

    mutating func begin(_ start: Start) throws(AMQPError) {
        guard case .idle = state else { throw .protocolViolation("a method in the middle of a message") }
        state = .started(start)
    }

    /// - Returns: the message, where it has no body.
    mutating func header(
        _ properties: MessageProperties, bodyBytes: UInt64, publishTag: UInt64?
    ) throws(AMQPError) -> Content? {
        guard case .started(let start) = state else { throw .protocolViolation("properties without a method") }
        guard bodyBytes <= Self.maxBodyBytes else { throw .protocolViolation("a body of \(bodyBytes) bytes") }
        if bodyBytes == 0 {
            state = .idle
            return Content(start: start, message: Message(ByteBuffer(), properties), publishTag: publishTag)
        }
        state = .filling(start, properties, publishTag: publishTag, missing: Int(bodyBytes), ByteBuffer())
        return nil
    }

    /// - Returns: the message, once it is whole.
    mutating func body(_ part: ByteBuffer) throws(AMQPError) -> Content? {
        guard case .filling(let start, let properties, let publishTag, let missing, var body) = state else {
            throw .protocolViolation("a body without properties")
        }
        guard part.readableBytes <= missing else { throw .protocolViolation("a body longer than announced") }
        state = .idle  // Only one reference to the buffer: it grows in place.
        if body.readableBytes == 0 { body = part } else { body.writeImmutableBuffer(part) }
        let left = missing - part.readableBytes
        if left == 0 { return Content(start: start, message: Message(body, properties), publishTag: publishTag) }
        state = .filling(start, properties, publishTag: publishTag, missing: left, body)
        return nil
    }
}
