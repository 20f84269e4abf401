import Bus
import NIOCore

/// A publish as it was asked for.
struct Publish: Sendable {
    let message: Message
    let exchange: Exchange
    let key: RoutingKey
    let isMandatory: Bool
    let then: (@Sendable (PublishOutcome) -> Void)?
}

/// Publishes that wait, in order and bounded, while the broker takes no messages.
struct PublishOutbox {
    static let maxBytes = 64 << 20
    static let maxCount = 65_536

    private var waiting = CircularBuffer<Publish>()
    private(set) var bytes = 0

    var isEmpty: Bool { waiting.isEmpty }

    /// False where there is no room.
    mutating func add(_ publish: Publish) -> Bool {
        let size = publish.message.body.readableBytes
        guard waiting.isEmpty || (bytes + size <= Self.maxBytes && waiting.count < Self.maxCount) else { return false }
        waiting.append(publish)
        bytes += size
        return true
    }

    mutating func takeAll() -> [Publish] {
        defer { self = PublishOutbox() }
        return Array(waiting)
    }
}
