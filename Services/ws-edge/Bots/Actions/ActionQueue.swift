import Bus
import NIOCore

/// The actions that wait for one bot's socket, in the order they came, bounded.
///
/// Each is answered in any case: sent, expired (its message's `expiration` passed while it waited), or refused.
struct ActionQueue {
    let maxCount: Int
    let maxBytes: Int
    private(set) var bytes = 0
    private var waiting = CircularBuffer<Waiting>()

    private struct Waiting {
        let delivery: Delivery
        let expires: NIODeadline?
    }

    init(maxCount: Int = 4096, maxBytes: Int = 64 << 20) {
        self.maxCount = maxCount
        self.maxBytes = maxBytes
    }

    var count: Int { waiting.count }
    var isEmpty: Bool { waiting.isEmpty }

    /// False where the queue is full: the action is to be answered `failed` at once. One message larger than the bound
    /// fits if nothing else waits.
    mutating func add(_ delivery: Delivery, at now: NIODeadline) -> Bool {
        let size = delivery.body.readableBytes
        guard waiting.isEmpty || (waiting.count < maxCount && bytes + size <= maxBytes) else { return false }
        waiting.append(
            Waiting(
                delivery: delivery,
                // The number is the publisher's choice: an absurd one must not overflow the deadline.
                expires: delivery.properties.expiration.map { now + TimeAmount(min($0, .seconds(86_400))) }))
        bytes += size
        return true
    }

    enum Next {
        case send(Delivery)
        /// It waited too long: it is not carried out.
        case expired(Delivery)
    }

    mutating func next(at now: NIODeadline) -> Next? {
        guard let first = waiting.popFirst() else { return nil }
        bytes -= first.delivery.body.readableBytes
        if let expires = first.expires, expires <= now { return .expired(first.delivery) }
        return .send(first.delivery)
    }

    /// Everything that waits, in order; the queue is empty afterwards.
    mutating func removeAll() -> [Delivery] {
        defer {
            waiting.removeAll()
            bytes = 0
        }
        return waiting.map(\.delivery)
    }
}
