import NIOCore

/// What a queue keeps about one of its consumers.
struct QueueConsumer: Sendable {
    let id: ConsumerID
    let connection: ConnectionID
    /// How many messages may be assigned or unacknowledged at a time; 0: any number.
    let prefetch: Int
    /// Messages that are this consumer's next, in order; no handler has them yet, so they count as waiting.
    var assigned = CircularBuffer<QueuedMessage>()
    var unacknowledged: UnacknowledgedDeliveries
    /// Whether its event loop will look for messages, or does so now: then it need not be woken.
    var isDrainScheduled = false

    /// - Parameter firstTag: the tag of its first delivery.
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

/// What one consumer was handed and has not acknowledged, by delivery tag. Tags count up and are mostly acknowledged in
/// order, so this is a ring of slots that starts at the oldest open one: adding and acknowledging cost no hashing.
struct UnacknowledgedDeliveries: Sendable {
    private var slots = CircularBuffer<QueuedMessage?>()
    /// The tag of the first slot.
    private var firstTag: UInt64
    /// How many are open.
    private(set) var count = 0

    init(firstTag: UInt64 = 0) { self.firstTag = firstTag }

    mutating func add(_ message: QueuedMessage) -> DeliveryTag {
        let tag = DeliveryTag(number: firstTag + UInt64(slots.count))
        slots.append(message)
        count += 1
        return tag
    }

    /// False if it was acknowledged before.
    mutating func acknowledge(_ tag: DeliveryTag) -> Bool {
        guard tag.number >= firstTag, tag.number - firstTag < UInt64(slots.count) else { return false }
        let index = slots.index(slots.startIndex, offsetBy: Int(tag.number - firstTag))
        guard slots[index] != nil else { return false }
        slots[index] = nil
        count -= 1
        while let oldest = slots.first, oldest == nil {
            slots.removeFirst()
            firstTag += 1
        }
        return true
    }

    /// The open ones, oldest first.
    var messages: [QueuedMessage] { slots.compactMap { $0 } }
}
