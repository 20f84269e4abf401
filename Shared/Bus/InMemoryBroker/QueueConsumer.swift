import NIOCore

/// What a queue keeps about one of its consumers.
struct QueueConsumer: Sendable {
    let id: ConsumerID
    /// How many may be assigned or unacknowledged at a time; 0: any number.
    let prefetch: Int
    /// Messages that are this consumer's next, in order; no handler has them yet, so they count as waiting.
    var assigned = CircularBuffer<QueuedMessage>()
    var unacknowledged = UnacknowledgedDeliveries()
    /// Whether its event loop will look (or is looking) for messages: then it needs no waking.
    var isDrainScheduled = false

    init(id: ConsumerID, prefetch: Int) {
        self.id = id
        self.prefetch = max(prefetch, 0)
    }

    var hasCapacity: Bool {
        prefetch == 0 || assigned.count + unacknowledged.count < prefetch
    }
}
