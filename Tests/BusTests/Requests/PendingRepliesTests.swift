import NIOCore
import Testing

@testable import Bus

@Suite("PendingReplies")
struct PendingRepliesTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("an answer is given to the one who waits for it, once")
    func takenOnce() {
        var pending = PendingReplies<String>()
        pending.add("asker", id: "1", until: start + .seconds(1))
        pending.add("other", id: "2", until: start + .seconds(1))
        #expect(pending.take("1") == "asker")
        #expect(pending.take("1") == nil)
        #expect(pending.take("never asked") == nil)
        #expect(pending.count == 1)
    }

    @Test("a wait ends at its deadline and not before; then a late answer finds nobody")
    func expires() {
        var pending = PendingReplies<String>()
        pending.add("late", id: "1", until: start + .seconds(2))
        pending.add("early", id: "2", until: start + .seconds(1))
        pending.add("patient", id: "3", until: start + .seconds(60))
        #expect(pending.expire(at: start + .milliseconds(999)) == [])
        #expect(pending.expire(at: start + .seconds(2)) == ["early", "late"])
        #expect(pending.take("1") == nil)
        #expect(pending.expire(at: start + .seconds(59)) == [])
        #expect(pending.take("3") == "patient")
        #expect(pending.isEmpty)
    }

    @Test("the earliest deadline is never later than the true one, and corrected by expiring")
    func earliest() {
        var pending = PendingReplies<String>()
        #expect(pending.earliestDeadline == nil)
        pending.add("a", id: "1", until: start + .seconds(5))
        pending.add("b", id: "2", until: start + .seconds(1))
        pending.add("c", id: "3", until: start + .seconds(9))
        #expect(pending.earliestDeadline == start + .seconds(1))
        #expect(pending.take("2") == "b")
        #expect(pending.expire(at: start + .seconds(1)) == [])
        #expect(pending.earliestDeadline == start + .seconds(5))
        #expect(pending.take("1") == "a")
        #expect(pending.take("3") == "c")
        #expect(pending.earliestDeadline == nil)
    }

    @Test("all waits can be ended together")
    func removeAll() {
        var pending = PendingReplies<String>()
        pending.add("a", id: "1", until: start)
        pending.add("b", id: "2", until: start)
        #expect(Set(pending.removeAll()) == ["a", "b"])
        #expect(pending.isEmpty)
        #expect(pending.earliestDeadline == nil)
        #expect(pending.expire(at: .distantFuture) == [])
    }
}
