/// A message in one queue.
struct QueuedMessage: Sendable {
    let published: PublishedMessage
    /// Its place in the queue, kept for life: where it goes back to when its consumer goes.
    let position: UInt64
    /// Whether a handler has seen it already.
    var wasDelivered: Bool
}

/// A message on its way to a handler.
struct TakenMessage: Sendable {
    let published: PublishedMessage
    let tag: DeliveryTag
    let wasDelivered: Bool
}
