import NIOCore

/// What was published, kept once for all the queues it was routed to.
final class PublishedMessage: Sendable {
    let message: Message
    let exchange: String
    let routingKey: RoutingKey
    /// From then on a queue drops it instead of delivering it; `nil`: never.
    let expiresAt: NIODeadline?

    /// What counts against a queue's bound: the body, as in AMQP.
    var sizeBytes: Int { message.body.readableBytes }

    init(_ message: Message, exchange: String, routingKey: RoutingKey, publishedAt now: NIODeadline) {
        self.message = message
        self.exchange = exchange
        self.routingKey = routingKey
        self.expiresAt = message.properties.expiration.map { now.advanced(by: $0) }
    }
}

extension NIODeadline {
    /// That much later; a negative duration counts as none, an endless one reaches the distant future.
    func advanced(by duration: Duration) -> NIODeadline {
        self + TimeAmount(max(duration, .zero))
    }
}

/// A message in one queue.
struct QueuedMessage: Sendable {
    let published: PublishedMessage
    /// Its place in the queue, kept for life: where it goes back to when its consumer goes.
    let position: UInt64
    /// Whether a handler has seen it already.
    var wasDelivered: Bool
    /// The message's own expiration, or the queue's limit where that comes first; `nil`: never.
    let expiresAt: NIODeadline?

    func hasExpired(at now: NIODeadline) -> Bool {
        guard let expiresAt else { return false }
        return now >= expiresAt
    }
}

/// A message on its way to a handler.
struct TakenMessage: Sendable {
    let published: PublishedMessage
    let tag: DeliveryTag
    let wasDelivered: Bool
}
