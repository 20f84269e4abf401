public import NIOCore

/// What is published: bytes, and the properties of AMQP 0-9-1 that Perpetua uses.
public struct Message: Sendable {
    public var body: ByteBuffer
    public var properties: MessageProperties

    public init(_ body: ByteBuffer, _ properties: MessageProperties = MessageProperties()) {
        self.body = body
        self.properties = properties
    }
}
