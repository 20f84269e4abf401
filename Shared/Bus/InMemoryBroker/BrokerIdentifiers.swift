/// One ``InMemoryBus``, as the broker's state knows it.
struct ConnectionID: Hashable, Sendable {
    let number: UInt64
}

/// One consumer, as the broker's state knows it. An id is never used again.
struct ConsumerID: Hashable, Sendable {
    let number: UInt64
}

/// One publish that waits for room in a queue.
struct PublishID: Hashable, Sendable {
    let number: UInt64
}

/// One delivery to one consumer; counts from 0, without holes, for each consumer.
struct DeliveryTag: Hashable, Sendable {
    let number: UInt64
}

/// An exchange's name as a key: compared byte for byte.
struct ExchangeName: Hashable, Sendable {
    let text: String

    static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }
}
