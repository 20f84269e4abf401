import NIOCore

/// What a queue keeps about one of its consumers.
struct QueueConsumer: Sendable {
    let id: ConsumerID
    let connection: ConnectionID
    /// How many may be assigned or unacknowledged at a time; 0: any number.
    let prefetch: Int
    /// Messages that are this consumer's next, in order; no handler has them yet, so they count as waiting.
    var assigned = CircularBuffer<QueuedMessage>()
    var unacknowledged: UnacknowledgedDeliveries
    /// Whether its event loop will look (or is looking) for messages: then it needs no waking.
    var isDrainScheduled = false

    /// - Parameter firstTag: of its first delivery.
    init(id: ConsumerID, of connection: ConnectionID, prefetch: Int, firstTag: UInt64 = 0) {
        self.id = id
        self.connection = connection
        unacknowledged = UnacknowledgedDeliveries(firstTag: firstTag)
        self.prefetch = max(prefetch, 0)
    }

    var hasCapacity: Bool {
        prefetch == 0 || assigned.count + unacknowledged.count < prefetch
    }
}
