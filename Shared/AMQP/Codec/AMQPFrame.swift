import Bus
import NIOCore

/// One frame of the broker (AMQP 0-9-1 §2.3.5), as a value that owns its bytes.
enum AMQPFrame: Sendable {
    case method(channel: UInt16, AMQPIncoming)
    /// What follows a deliver or return: properties, and how many bytes of body come. `publishTag`: see ``AMQPEncoder/publish``.
    case header(channel: UInt16, bodyBytes: UInt64, MessageProperties, publishTag: UInt64?)
    case body(channel: UInt16, ByteBuffer)
    case heartbeat
    /// The broker speaks another version, and says which.
    case protocolHeader(major: UInt8, minor: UInt8)
}
