import Actions
import Contracts
import NIOCore
import OneBot
import SettingsReading
import Testing

@testable import WSEdge

@Suite("What a client has not taken yet")
struct ClientOutboundTests {
    func outbound(
        _ policy: OutboundConfiguration.SlowClient, bytes: Int = 100,
        budget: OutboundBudget = OutboundBudget(limit: 1 << 30)
    ) -> ClientOutbound {
        var configuration = OutboundConfiguration(Settings())
        configuration.limits = OutboundLimits(bytes: bytes, age: .seconds(30))
        configuration.slowClient = policy
        return ClientOutbound(configuration, budget: budget)
    }

    func frame(_ size: Int) -> ByteBuffer { ByteBuffer(repeating: 0x61, count: size) }
    let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("frames come out in the order they went in")
    func order() {
        var queue = outbound(.close)
        for size in 1...3 { #expect(queue.append(frame(size), events: 1, now: start) == .kept(dropped: 0)) }
        let sizes = (1...3).map { _ in queue.next()?.frames.readableBytes }
        #expect(sizes == [1, 2, 3])
        #expect(queue.isEmpty)
        #expect(queue.bytes == 0)
    }

    @Test("whole answers that wait are counted; parts of one are told apart")
    func answers() {
        var queue = outbound(.close)
        for (events, kind, part) in [(1, OutgoingKind.event, nil), (0, .answer, nil), (0, .answer, UInt64(7))] {
            #expect(queue.append(frame(1), events: events, as: kind, part: part, now: start) == .kept(dropped: 0))
        }
        #expect(queue.answers == 1)
        let areParts = (1...3).map { _ in queue.next()?.isPart }
        #expect(areParts == [false, false, true])
        #expect(queue.answers == 0)
    }

    @Test("one message larger than the bound fits")
    func oneLarge() {
        var queue = outbound(.close)
        #expect(queue.append(frame(500), events: 1, now: start) == .kept(dropped: 0))
        #expect(queue.append(frame(1), events: 1, now: start) == .tooSlow)
    }

    @Test("with drop_oldest the oldest events go and the next one says how many")
    func dropsOldest() {
        var queue = outbound(.dropOldest)
        #expect(queue.append(frame(60), events: 2, now: start) == .kept(dropped: 0))
        #expect(queue.append(frame(60), events: 3, now: start) == .kept(dropped: 2))
        #expect(queue.append(frame(60), events: 1, now: start) == .kept(dropped: 3))
        let next = queue.next()
        #expect(next?.missedBefore == 5)
        #expect(queue.isEmpty)
    }

    @Test(
        "answers in parts go before anything else, whoever it was that came too much",
        arguments: [OutboundConfiguration.SlowClient.close, .dropOldest])
    func parts(policy: OutboundConfiguration.SlowClient) {
        let budget = OutboundBudget(limit: 1 << 30)
        var queue = outbound(policy, budget: budget)
        #expect(queue.append(frame(10), events: 1, now: start) == .kept(dropped: 0))
        #expect(queue.append(frame(30), events: 0, as: .answer, part: 7, now: start) == .kept(dropped: 0))
        #expect(queue.append(frame(11), events: 0, as: .answer, now: start) == .kept(dropped: 0))
        #expect(queue.append(frame(30), events: 0, as: .answer, part: 5, now: start) == .kept(dropped: 0))
        #expect(queue.append(frame(12), events: 1, now: start) == .kept(dropped: 0))
        #expect(queue.append(frame(30), events: 0, as: .answer, part: 7, now: start) == .cut([5, 7], dropped: 0))
        #expect(budget.bytes == 33)
        let sizes = (1...3).map { _ in queue.next()?.frames.readableBytes }
        #expect(sizes == [10, 11, 12])
        #expect(queue.isEmpty && queue.bytes == 0 && budget.bytes == 0)
    }

    @Test("an event that is too much costs the parts, not the client; without parts it costs what it always did")
    func partsBeforeClient() {
        var queue = outbound(.close)
        #expect(queue.append(frame(90), events: 0, as: .answer, part: 1, now: start) == .kept(dropped: 0))
        #expect(queue.append(frame(20), events: 1, now: start) == .cut([1], dropped: 0))
        #expect(queue.append(frame(90), events: 1, now: start) == .tooSlow)
    }

    @Test("parts that wait too long are dropped by themselves")
    func oldParts() {
        var queue = outbound(.close)
        #expect(queue.append(frame(1), events: 0, as: .answer, part: 1, now: start) == .kept(dropped: 0))
        #expect(queue.append(frame(1), events: 1, now: start + .seconds(20)) == .kept(dropped: 0))
        #expect(queue.isOverdue(at: start + .seconds(31)))
        let (dropped, again) = (queue.dropParts(), queue.dropParts())
        #expect(dropped == [1])
        #expect(again == [])
        #expect(!queue.isOverdue(at: start + .seconds(31)))
    }

    @Test("what was dropped before a part is said before whatever comes next")
    func missedBeforePart() {
        var queue = outbound(.dropOldest)
        #expect(queue.append(frame(60), events: 2, now: start) == .kept(dropped: 0))
        #expect(queue.append(frame(60), events: 3, now: start) == .kept(dropped: 2))
        #expect(queue.append(frame(20), events: 0, as: .answer, part: 1, now: start) == .kept(dropped: 0))
        #expect(queue.append(frame(90), events: 1, now: start) == .cut([1], dropped: 3))
        let next = queue.next()
        #expect(next?.missedBefore == 5)
    }

    @Test("answers are never dropped: when they alone are too much the client is too slow")
    func answersStay() {
        var queue = outbound(.dropOldest)
        #expect(queue.append(frame(60), events: 0, now: start) == .kept(dropped: 0))
        #expect(queue.append(frame(30), events: 1, now: start) == .kept(dropped: 0))
        #expect(queue.append(frame(30), events: 1, now: start) == .kept(dropped: 1))
        #expect(queue.append(frame(60), events: 0, now: start) == .tooSlow)
        let next = queue.next()
        #expect(next?.frames.readableBytes == 60)
    }

    @Test("who is behind for too long is overdue, and with drop_oldest loses what waited")
    func overdue() {
        var queue = outbound(.dropOldest)
        _ = queue.append(frame(1), events: 1, now: start)
        _ = queue.append(frame(1), events: 1, now: start + .seconds(20))
        #expect(!queue.isOverdue(at: start + .seconds(30)))
        #expect(queue.isOverdue(at: start + .seconds(31)))
        #expect(queue.dropOverdue(at: start + .seconds(31)) == 1)
        let next = queue.next()
        #expect(next?.missedBefore == 1)
        var closing = outbound(.close)
        _ = closing.append(frame(1), events: 1, now: start)
        #expect(closing.dropOverdue(at: start + .seconds(31)) == nil)
    }

    @Test("the budget of all clients together counts, and is given back")
    func budget() {
        let budget = OutboundBudget(limit: 50)
        var first = outbound(.close, budget: budget)
        var second = outbound(.close, budget: budget)
        #expect(first.append(frame(40), events: 1, now: start) == .kept(dropped: 0))
        #expect(second.append(frame(5), events: 1, now: start) == .kept(dropped: 0))
        #expect(second.append(frame(10), events: 1, now: start) == .tooSlow)
        first.clear()
        second.clear()
        #expect(!budget.isExceeded)
    }

    @Test("events for one of a group are taken out, so that others get them; the rest stays in its order")
    func grouped() {
        let budget = OutboundBudget(limit: 1 << 30)
        var queue = outbound(.close, budget: budget)
        let place = GroupRouting.Place(bot: SelfID(1), group: "g", chat: .none)
        let owner = GroupMember(appID: "x", edge: EdgeAddress(edgeID: "e", instance: "1"), sessionID: 1)
        for number in 1...3 {
            let event = GroupedEvent(
                place: place, messageID: "1-\(number)", owner: owner, frames: frame(10), whenOrphaned: { _ in })
            _ = queue.append(frame(number), events: 0, now: start)
            _ = queue.append(event.frames, events: 1, grouped: event, now: start)
        }
        #expect(queue.takeGrouped().map(\.messageID) == ["1-1", "1-2", "1-3"])
        #expect(queue.takeGrouped().isEmpty)
        #expect(queue.bytes == 6)
        #expect(budget.bytes == 6)
        #expect((1...3).map { _ in queue.next()?.frames.readableBytes } == [1, 2, 3])
    }
}
