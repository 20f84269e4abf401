import NIOCore
import Testing

@testable import Bus

@Suite("QueueState")
struct QueueStateTests {
    private let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let a = ConsumerID(number: 1)
    private let b = ConsumerID(number: 2)

    @Test("a publish over the bound is accepted once enough has left, the earliest first")
    func bound() {
        let queue = QueueFixture(maxLengthBytes: 10)
        #expect(queue.enqueue("aaaa") && queue.enqueue("bbbbbb"))
        #expect(!queue.enqueue("c") && !queue.enqueue("dddd"))
        queue.add(a, prefetch: 1)
        #expect(queue.take(a) == ["aaaa"])
        #expect(queue.accepted == [2])
        queue.acknowledge(0, by: a)
        #expect(queue.take(a) == ["bbbbbb"])
        #expect(queue.accepted == [2, 3])
    }

    @Test("a small message does not overtake a parked one")
    func parkedInOrder() {
        let queue = QueueFixture(maxLengthBytes: 10)
        #expect(queue.enqueue("aaaaaa"))
        #expect(!queue.enqueue("bbbbbbbb"))
        #expect(!queue.enqueue("c"))
        queue.add(a, prefetch: 1)
        #expect(queue.take(a) == ["aaaaaa"])
        #expect(queue.accepted == [1, 2])
    }

    @Test("a message larger than the bound is accepted when it is first")
    func largerThanBound() {
        let queue = QueueFixture(maxLengthBytes: 3)
        #expect(queue.enqueue("large"))
        #expect(!queue.enqueue("larger"))
        queue.add(a, prefetch: 1)
        #expect(queue.take(a) == ["large"])
        #expect(queue.accepted == [1])
    }

    @Test("what comes back counts as waiting again, so that what is parked stays so")
    func requeuedCounts() {
        let queue = QueueFixture(maxLengthBytes: 4)
        #expect(queue.enqueue("aaaa"))
        queue.add(a, prefetch: 1)
        #expect(queue.take(a) == ["aaaa"])
        #expect(queue.enqueue("bbbb"))
        #expect(!queue.enqueue("cccc"))
        queue.remove(a)
        #expect(queue.state.waitingBytes == 12)
        queue.add(b, prefetch: 1)
        #expect(queue.take(b) == ["aaaa"])
        #expect(queue.accepted == [])
        queue.acknowledge(0, by: b)
        #expect(queue.take(b) == ["bbbb"])
        #expect(queue.accepted == [2])
    }

    @Test("what waits too long makes room for what comes")
    func expiredMakesRoom() {
        let queue = QueueFixture(maxLengthBytes: 4)
        #expect(queue.enqueue("aaaa", expiration: .seconds(1)))
        #expect(!queue.enqueue("bbbb"))
        #expect(!queue.enqueue("c", at: now + .seconds(1)))
        #expect(queue.accepted == [1])
        queue.add(a, prefetch: 0)
        #expect(queue.take(a, at: now + .seconds(1)) == ["bbbb", "c"])
    }

    @Test("what several consumers give back returns to its old places")
    func oldPlaces() {
        let queue = QueueFixture()
        queue.add(a, prefetch: 3)
        queue.add(b, prefetch: 3)
        for text in ["1", "2", "3", "4", "5", "6", "7"] { #expect(queue.enqueue(text)) }
        #expect(queue.take(a) == ["1", "3", "5"])
        #expect(queue.take(b) == ["2", "4", "6"])
        queue.acknowledge(1, by: b)
        queue.acknowledge(0, by: a)
        // "7" goes to the first consumer that has room.
        queue.remove(a)
        queue.remove(b)
        let c = ConsumerID(number: 3)
        queue.add(c, prefetch: 0)
        #expect(queue.take(c) == ["2", "3", "5", "6", "7"])
        #expect(queue.redelivered == ["2", "3", "5", "6"])
    }

    @Test("a consumer is woken once until it has found nothing more")
    func wokenOnce() {
        let queue = QueueFixture()
        queue.add(a, prefetch: 0)
        #expect(queue.enqueue("1") && queue.enqueue("2"))
        #expect(queue.woken == [a])
        #expect(queue.take(a) == ["1", "2"])
        #expect(queue.enqueue("3"))
        #expect(queue.woken == [a])
        #expect(queue.take(a) == ["3"])
        #expect(queue.take(a) == [])
        #expect(queue.enqueue("4"))
        #expect(queue.woken == [a, a])
    }

    @Test("an acknowledgement wakes a consumer that had reached its prefetch")
    func acknowledgementWakes() {
        let queue = QueueFixture()
        queue.add(a, prefetch: 1)
        #expect(queue.enqueue("1") && queue.enqueue("2"))
        #expect(queue.take(a) == ["1"])
        #expect(queue.take(a) == [])
        #expect(queue.woken == [a])
        queue.acknowledge(0, by: a)
        #expect(queue.woken == [a, a])
        #expect(queue.take(a) == ["2"])
    }

    @Test("tags may be acknowledged in any order, each once")
    func unacknowledged() {
        var deliveries = UnacknowledgedDeliveries()
        let tags = (0..<5).map { deliveries.add(QueueFixture.message("\($0)", position: UInt64($0))) }
        let seconds = [2, 0, 1, 4].map { (deliveries.acknowledge(tags[$0]), deliveries.acknowledge(tags[$0])) }
        #expect(seconds.allSatisfy { $0.0 && !$0.1 })
        #expect(deliveries.count == 1)
        #expect(deliveries.messages.map(\.position) == [3])
        #expect(deliveries.acknowledge(DeliveryTag(number: 99)) == false)
        #expect(deliveries.add(QueueFixture.message("5", position: 5)).number == 5)
    }
}

/// A queue of texts whose publishes are numbered from 0.
private final class QueueFixture {
    var state: QueueState
    var accepted: [UInt64] { actions.accepted.map(\.number) }
    var woken: [ConsumerID] { Array(actions.wake) }
    /// What the latest ``take(_:at:)`` marked as redelivered.
    private(set) var redelivered: [String] = []
    private var actions = BrokerActions()
    private var publishes: UInt64 = 0
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    init(maxLengthBytes: Int = 1 << 20) {
        state = QueueState(QueueDeclaration("q", maxLengthBytes: maxLengthBytes), owner: nil)
    }

    static func message(_ text: String, position: UInt64) -> QueuedMessage {
        QueuedMessage(
            published: published(text, expiration: nil), position: position, wasDelivered: false, expiresAt: nil)
    }

    func enqueue(_ text: String, expiration: Duration? = nil, at now: NIODeadline = QueueFixture.start) -> Bool {
        defer { publishes += 1 }
        return state.enqueue(
            Self.published(text, expiration: expiration), publish: PublishID(number: publishes), at: now, &actions)
    }

    func add(_ id: ConsumerID, prefetch: Int) {
        let consumer = QueueConsumer(id: id, of: ConnectionID(number: 1), prefetch: prefetch)
        state.add(consumer, &actions)
    }

    func remove(_ id: ConsumerID) { #expect(state.remove(id, &actions) == true) }

    func acknowledge(_ tag: UInt64, by id: ConsumerID) {
        state.acknowledge(DeliveryTag(number: tag), by: id, &actions)
    }

    func take(_ id: ConsumerID, at now: NIODeadline = QueueFixture.start) -> [String] {
        let taken = state.take(by: id, limit: 100, at: now, &actions)
        redelivered = taken.filter(\.wasDelivered).map { String(buffer: $0.published.message.body) }
        return taken.map { String(buffer: $0.published.message.body) }
    }

    private static func published(_ text: String, expiration: Duration?) -> PublishedMessage {
        var message = Message(ByteBuffer(string: text))
        message.properties.expiration = expiration
        return PublishedMessage(message, exchange: "", routingKey: "q", publishedAt: start)
    }
}
