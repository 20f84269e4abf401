/// The properties a queue is to have. Declaring it again with the same values is fine; with other values it is
/// ``MessageBusError/differs(_:)``.
public struct QueueDeclaration: Sendable, Hashable {
    public var name: QueueName
    /// Only the connection that declared it may use it, and it vanishes with that connection: a lock and an address in
    /// one.
    public var isExclusive: Bool
    /// Deliveries go to one consumer at a time, the first that came; the next takes over when that one goes.
    public var hasSingleActiveConsumer: Bool
    /// How long it lives without a consumer; `nil`: for ever.
    public var expires: Duration?
    /// How long a message may wait in it, whatever its own expiration says; `nil`: as long as that allows.
    public var messageTTL: Duration?
    /// The bound on bytes waiting in it. On the in-memory bus, a message over it is confirmed only once there is room.
    public var maxLengthBytes: Int

    public init(
        _ name: QueueName, isExclusive: Bool = false, hasSingleActiveConsumer: Bool = false,
        expires: Duration? = nil, messageTTL: Duration? = nil, maxLengthBytes: Int = 256 << 20
    ) {
        self.name = name
        self.isExclusive = isExclusive
        self.hasSingleActiveConsumer = hasSingleActiveConsumer
        self.expires = expires
        self.messageTTL = messageTTL
        self.maxLengthBytes = maxLengthBytes
    }
}
