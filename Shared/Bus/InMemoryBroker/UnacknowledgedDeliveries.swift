import NIOCore

/// What one consumer was handed and has not acknowledged, by delivery tag. Tags count up and are mostly acknowledged in order,
/// so this is a ring of slots that starts at the oldest open one: adding and acknowledging cost no hashing.
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
