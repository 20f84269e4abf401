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

public struct MessageProperties: Sendable, Hashable {
    public var contentType = "application/json"
    /// Tells repeats: two messages with one `messageID` are the same message.
    public var messageID: String?
    /// What the message is, in a word: `event`, `action`, `response`, …
    public var type: String?
    /// The service that published it.
    public var appID: String?
    /// Seconds since 1970.
    public var timestamp: Int64?
    /// The queue an answer is to be published to, by way of ``Exchange/toQueue``.
    public var replyTo: QueueName?
    /// Which request an answer belongs to.
    public var correlationID: String?
    /// After that long in a queue it is no longer delivered.
    public var expiration: Duration?
    /// 0 to 9, the higher the sooner. No queue of ours sorts by it: it is for whoever lets messages wait.
    public var priority: UInt8?
    /// `delivery_mode` 2.
    public var isPersistent = false
    public var headers: [String: String] = [:]

    public init() {}
}
