import Bus
import NIOCore
import TestSupport
import Testing

@testable import AMQP

@Suite("ConfirmTracker")
struct ConfirmTrackerTests {
    private var tracker = ConfirmTracker<String>()

    init() {
        for name in ["a", "b", "c", "d"] { tracker.add(name, bytes: 10, at: .uptimeNanoseconds(5)) }
    }

    private func text(_ settled: [(String, PublishOutcome)]) -> [String] { settled.map { "\($0.0) \($0.1)" } }

    @Test("tags count from 1, as the broker's do")
    func tags() {
        #expect(ConfirmTracker<String>().nextTag == 1)
        #expect(tracker.nextTag == 5)
        #expect(tracker.count == 4 && tracker.bytes == 40)
    }

    @Test("an ack settles one; with multiple, all up to it, in order")
    func acks() {
        var tracker = tracker
        #expect(text(tracker.settle(2, multiple: false, accepted: true)) == ["b confirmed"])
        #expect(text(tracker.settle(3, multiple: true, accepted: true)) == ["a confirmed", "c confirmed"])
        #expect(tracker.count == 1 && tracker.bytes == 10)
        #expect(text(tracker.settle(0, multiple: true, accepted: true)) == ["d confirmed"])
        #expect(tracker.nextTag == 5 && tracker.oldest == nil)
    }

    @Test("a message that was returned is unroutable once its confirm comes, and no other is")
    func returned() {
        var tracker = tracker
        tracker.returned(2)
        #expect(
            text(tracker.settle(4, multiple: true, accepted: true)) == [
                "a confirmed", "b unroutable", "c confirmed", "d confirmed",
            ])
    }

    @Test("a nack is a rejection")
    func nack() {
        var tracker = tracker
        #expect(
            text(tracker.settle(1, multiple: false, accepted: false)) == [
                "a notStored"
            ])
    }

    @Test("tags that are settled, or were never given, are nothing", arguments: [0, 1, 5, .max] as [UInt64])
    func strangeTags(tag: UInt64) {
        var tracker = tracker
        _ = tracker.settle(1, multiple: false, accepted: true)
        tracker.returned(tag)
        #expect(text(tracker.settle(tag, multiple: false, accepted: true)) == [])
        #expect(tracker.count == 3)
    }

    @Test("a tag beyond the last with multiple settles what there is, and no more")
    func beyond() {
        var tracker = tracker
        let all = tracker.settle(.max, multiple: true, accepted: true)
        #expect(all.count == 4)
        #expect(tracker.nextTag == 5)
        let nothing = tracker.settle(.max, multiple: true, accepted: true)
        #expect(nothing.isEmpty)
    }

    @Test("when the connection is lost, all that is unconfirmed comes out in order, and counting begins anew")
    func removeAll() {
        var tracker = tracker
        _ = tracker.settle(2, multiple: false, accepted: true)
        let left = tracker.removeAll()
        #expect(left == ["a", "c", "d"])
        #expect(tracker.nextTag == 1 && tracker.count == 0 && tracker.bytes == 0)
    }

    @Test("the message that made the broker close the channel can be taken out")
    func takeFirst() {
        var tracker = tracker
        let (first, second) = (
            tracker.takeFirst { name, _ in name == "c" }, tracker.takeFirst { name, _ in name == "c" }
        )
        #expect(first == "c" && second == nil)
        let left = tracker.removeAll()
        #expect(left == ["a", "b", "d"])
    }

    @Test("what waits since before a time can be given up; the broker's confirm of it then ends nothing")
    func givenUp() {
        var tracker = tracker
        tracker.add("late", bytes: 10, at: .uptimeNanoseconds(9))
        let given = tracker.removeAll(since: .uptimeNanoseconds(7)) { $0 != "c" }
        #expect(given == ["a", "b", "d"])
        #expect(tracker.count == 2 && tracker.bytes == 20)
        #expect(text(tracker.settle(4, multiple: true, accepted: true)) == ["c confirmed"])
        #expect(text(tracker.settle(5, multiple: false, accepted: true)) == ["late confirmed"])
    }

    @Test("whatever order the broker confirms in, each ends once")
    func random() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        var tracker = ConfirmTracker<Int>()
        var ended: [Int] = []
        for number in 0..<2_000 {
            tracker.add(number, bytes: 1, at: .uptimeNanoseconds(0))
            if Int.random(in: 0..<3, using: &generator) == 0 {
                let tag = UInt64.random(in: 0...(tracker.nextTag + 2), using: &generator)
                ended += tracker.settle(tag, multiple: .random(using: &generator), accepted: true).map(\.0)
            }
        }
        ended += tracker.removeAll()
        #expect(ended.sorted() == Array(0..<2_000), "seed \(seed)")
    }
}
