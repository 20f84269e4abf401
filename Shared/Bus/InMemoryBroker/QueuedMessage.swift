import NIOCore

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
