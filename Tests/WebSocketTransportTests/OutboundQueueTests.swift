import NIOCore
import Testing

@testable import WebSocketTransport

@Suite("OutboundQueue")
struct OutboundQueueTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func queue(_ policy: OutboundQueue.Policy, maxBytes: Int = 10) -> OutboundQueue {
        OutboundQueue(maxBytes: maxBytes, maxAge: .seconds(30), policy: policy)
    }

    @Test("what is appended comes out in order, events and answers alike")
    func keepsOrder() {
        var queue = queue(.dropOldest, maxBytes: 100)
        for (text, events) in [("e1", 1), ("a1", 0), ("e2", 2), ("a2", 0), ("a3", 0), ("e3", 1)] {
            #expect(queue.append(ByteBuffer(string: text), events: events, now: start) == .queued)
        }
        #expect(queue.bytes == 12)
        #expect(queue.count == 6)
        #expect(queue.rest() == ["e1", "a1", "e2", "a2", "a3", "e3"])
        #expect(queue.isEmpty)
        #expect(queue.bytes == 0)
    }

    @Test("an empty queue gives nothing")
    func empty() {
        var queue = queue(.disconnect)
        #expect(queue.isEmpty)
        #expect(queue.next() == nil)
        #expect(!queue.isOverdue(now: start + .hours(1)))
        #expect(queue.dropOverdueEvents(now: start + .hours(1)) == 0)
        #expect(queue.dropOldestEvents(downTo: 0) == 0)
    }

    @Test("exactly the bound fits", arguments: [OutboundQueue.Policy.disconnect, .dropOldest], [0, 1])
    func exactBound(policy: OutboundQueue.Policy, events: Int) {
        var queue = queue(policy)
        #expect(queue.append(ByteBuffer(string: "12345"), events: events, now: start) == .queued)
        #expect(queue.append(ByteBuffer(string: "67890"), events: events, now: start) == .queued)
        #expect(queue.bytes == 10)
    }

    @Test(
        "one message above the bound fits into an empty queue",
        arguments: [OutboundQueue.Policy.disconnect, .dropOldest],
        [0, 1])
    func oneLargerMessage(policy: OutboundQueue.Policy, events: Int) {
        var queue = queue(policy)
        #expect(queue.append(ByteBuffer(string: "larger than ten"), events: events, now: start) == .queued)
        #expect(queue.rest() == ["larger than ten"])
    }

    @Test("where nothing may be dropped, the bound means too slow, and the queue stays as it was", arguments: [0, 1])
    func disconnects(events: Int) {
        var queue = queue(.disconnect)
        #expect(queue.append(ByteBuffer(string: "1234567890"), events: 1, now: start) == .queued)
        #expect(queue.append(ByteBuffer(string: "x"), events: events, now: start) == .tooSlow)
        #expect(queue.rest() == ["1234567890"])
    }

    @Test("the oldest events make room, no more of them than needed, and are counted one by one")
    func dropsOldest() {
        var queue = queue(.dropOldest)
        _ = queue.append(ByteBuffer(string: "aaa"), events: 3, now: start)
        _ = queue.append(ByteBuffer(string: "bbb"), events: 1, now: start)
        _ = queue.append(ByteBuffer(string: "ccc"), events: 1, now: start)
        #expect(queue.append(ByteBuffer(string: "dddd"), events: 1, now: start) == .dropped(events: 3))
        #expect(queue.rest() == ["bbb", "ccc", "dddd"])
    }

    @Test("events make room for an answer, and answers are never dropped")
    func keepsAnswers() {
        var queue = queue(.dropOldest)
        _ = queue.append(ByteBuffer(string: "a1a1"), events: 0, now: start)
        _ = queue.append(ByteBuffer(string: "eee"), events: 1, now: start)
        _ = queue.append(ByteBuffer(string: "a2"), events: 0, now: start)
        #expect(queue.append(ByteBuffer(string: "a3a3"), events: 0, now: start) == .dropped(events: 1))
        #expect(queue.rest() == ["a1a1", "a2", "a3a3"])
    }

    @Test("answers alone above the bound mean too slow")
    func tooManyAnswers() {
        var queue = queue(.dropOldest)
        _ = queue.append(ByteBuffer(string: "a1a1a1"), events: 0, now: start)
        #expect(queue.append(ByteBuffer(string: "a2a2a2"), events: 0, now: start) == .tooSlow)
        #expect(queue.rest() == ["a1a1a1"])
    }

    @Test("an event that finds no room beside the answers is dropped itself and counted")
    func noRoomForEvent() {
        var queue = queue(.dropOldest)
        _ = queue.append(ByteBuffer(string: "e1"), events: 1, now: start)
        _ = queue.append(ByteBuffer(string: "a1a1a1a1"), events: 0, now: start)
        #expect(queue.append(ByteBuffer(string: "e2e2e2"), events: 2, now: start) == .dropped(events: 2))
        #expect(queue.rest() == ["e1", "a1a1a1a1"])
    }

    @Test("a larger event takes the place of all others")
    func largerEventReplacesAll() {
        var queue = queue(.dropOldest)
        _ = queue.append(ByteBuffer(string: "e1"), events: 1, now: start)
        _ = queue.append(ByteBuffer(string: "e2"), events: 1, now: start)
        #expect(queue.append(ByteBuffer(string: "larger than ten"), events: 1, now: start) == .dropped(events: 2))
        #expect(queue.rest() == ["larger than ten"])
    }

    @Test("it is overdue once its oldest has waited longer than the age, be it event or answer", arguments: [0, 1])
    func overdue(events: Int) {
        var queue = queue(.disconnect)
        _ = queue.append(ByteBuffer(string: "1"), events: events, now: start)
        _ = queue.append(ByteBuffer(string: "2"), events: 1 - events, now: start + .seconds(10))
        #expect(!queue.isOverdue(now: start + .seconds(30)))
        #expect(queue.isOverdue(now: start + .seconds(30) + .nanoseconds(1)))
        _ = queue.next()
        #expect(!queue.isOverdue(now: start + .seconds(40)))
        #expect(queue.isOverdue(now: start + .seconds(41)))
    }

    @Test("overdue events can be dropped, answers stay")
    func dropsOverdue() {
        var queue = queue(.dropOldest)
        _ = queue.append(ByteBuffer(string: "a"), events: 0, now: start)
        _ = queue.append(ByteBuffer(string: "e1"), events: 2, now: start)
        _ = queue.append(ByteBuffer(string: "e2"), events: 1, now: start + .seconds(20))
        #expect(queue.dropOverdueEvents(now: start + .seconds(31)) == 2)
        #expect(queue.isOverdue(now: start + .seconds(31)))
        #expect(queue.rest() == ["a", "e2"])
    }

    @Test("a budget shared with others drops the oldest events down to it")
    func dropsDownTo() {
        var queue = queue(.dropOldest)
        for text in ["e1", "e2", "e3"] { _ = queue.append(ByteBuffer(string: text), events: 1, now: start) }
        _ = queue.append(ByteBuffer(string: "a1"), events: 0, now: start)
        #expect(queue.dropOldestEvents(downTo: 5) == 2)
        #expect(queue.bytes == 4)
        #expect(queue.dropOldestEvents(downTo: 0) == 1)
        #expect(queue.rest() == ["a1"])
    }

    @Test("against a simple model: order, bytes and answers hold whatever happens", arguments: 0..<20)
    func randomised(round: Int) {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        var queue = queue(round % 2 == 0 ? .dropOldest : .disconnect, maxBytes: 50)
        var taken: [Int] = []
        var answers: [Int] = []
        var expectedEvents = 0
        for number in 0..<300 {
            if Int.random(in: 0..<3, using: &generator) == 0, let buffer = queue.next() {
                taken.append(buffer.getInteger(at: 0) ?? -1)
            }
            var buffer = ByteBuffer(integer: number)
            buffer.writeRepeatingByte(0, count: Int.random(in: 0..<12, using: &generator))
            let isEvent = Bool.random(using: &generator)
            switch queue.append(buffer, events: isEvent ? 1 : 0, now: start) {
            case .queued: expectedEvents += isEvent ? 1 : 0
            case .dropped(let events): expectedEvents += (isEvent ? 1 : 0) - events
            case .tooSlow:
                #expect(queue.bytes > 50 - buffer.readableBytes, "seed \(seed)")
                continue
            }
            if !isEvent { answers.append(number) }
            #expect(queue.bytes <= 50 || queue.count == 1, "seed \(seed)")
        }
        while let buffer = queue.next() { taken.append(buffer.getInteger(at: 0) ?? -1) }
        #expect(taken == taken.sorted(), "seed \(seed)")
        #expect(Set(answers).isSubset(of: taken), "seed \(seed)")
        #expect(taken.count == answers.count + expectedEvents, "seed \(seed)")
        #expect(queue.bytes == 0, "seed \(seed)")
    }
}

extension OutboundQueue {
    /// Takes everything out.
    fileprivate mutating func rest() -> [String] {
        var all: [String] = []
        while let buffer = next() { all.append(String(buffer: buffer)) }
        return all
    }
}
