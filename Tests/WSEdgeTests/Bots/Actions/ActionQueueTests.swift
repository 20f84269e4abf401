import Bus
import NIOCore
import Testing

@testable import WSEdge

@Suite("ActionQueue")
struct ActionQueueTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func delivery(_ body: String, expiration: Duration? = nil) -> Delivery {
        var properties = MessageProperties()
        properties.expiration = expiration
        return Delivery(
            Message(ByteBuffer(string: body), properties), exchange: "", routingKey: "", redelivered: false,
            onAcknowledge: {})
    }

    private func body(_ next: ActionQueue.Next?) -> String? {
        switch next {
        case .send(let delivery): String(buffer: delivery.body)
        case .expired(let delivery): "expired \(String(buffer: delivery.body))"
        case nil: nil
        }
    }

    @Test("actions leave in the order they came")
    func order() {
        var queue = ActionQueue()
        for name in ["a", "b", "c"] { #expect(queue.add(delivery(name), at: start) == true) }
        #expect(
            [body(queue.next(at: start)), body(queue.next(at: start)), body(queue.next(at: start))] == ["a", "b", "c"])
        #expect(body(queue.next(at: start)) == nil)
    }

    @Test("above the count nothing more is taken")
    func countBound() {
        var queue = ActionQueue(maxCount: 2)
        #expect(queue.add(delivery("a"), at: start) == true)
        #expect(queue.add(delivery("b"), at: start) == true)
        #expect(queue.add(delivery("c"), at: start) == false)
        _ = queue.next(at: start)
        #expect(queue.add(delivery("d"), at: start) == true)
    }

    @Test("above the bytes nothing more is taken, but one large action always fits")
    func byteBound() {
        var queue = ActionQueue(maxBytes: 4)
        #expect(queue.add(delivery("123456"), at: start) == true)
        #expect(queue.add(delivery("1"), at: start) == false)
        _ = queue.next(at: start)
        #expect(queue.bytes == 0)
        #expect(queue.add(delivery("123"), at: start) == true)
        #expect(queue.add(delivery("45"), at: start) == false)
    }

    @Test("an action that waited longer than its expiration is not sent")
    func expiration() {
        var queue = ActionQueue()
        _ = queue.add(delivery("old", expiration: .seconds(1)), at: start)
        _ = queue.add(delivery("young", expiration: .seconds(10)), at: start)
        _ = queue.add(delivery("ever"), at: start)
        let later = start + .seconds(1)
        #expect(body(queue.next(at: later)) == "expired old")
        #expect(body(queue.next(at: later)) == "young")
        #expect(body(queue.next(at: later)) == "ever")
    }

    @Test("an absurd expiration is harmless")
    func absurdExpiration() {
        var queue = ActionQueue()
        _ = queue.add(delivery("a", expiration: .seconds(Int64.max)), at: start)
        #expect(body(queue.next(at: start)) == "a")
    }

    @Test("what is left can be taken out at once")
    func removeAll() {
        var queue = ActionQueue()
        for name in ["a", "b"] { _ = queue.add(delivery(name), at: start) }
        #expect(queue.removeAll().map { String(buffer: $0.body) } == ["a", "b"])
        #expect(queue.count == 0)
        #expect(queue.bytes == 0)
    }
}
