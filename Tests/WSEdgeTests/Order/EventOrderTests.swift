import OneBot
import Testing

@testable import WSEdge

@Suite("What arrived of each bot's events")
struct EventOrderTests {
    let bot = SelfID(10001)

    @Test("the next event passes, wherever the count starts")
    func next() {
        var order = EventOrder()
        #expect(order.verdict(on: "7-41", of: bot) == .pass)
        #expect(order.verdict(on: "7-42", of: bot) == .pass)
    }

    @Test("a repeat and an older one are dropped")
    func repeats() {
        var order = EventOrder()
        #expect(order.verdict(on: "7-42", of: bot) == .pass)
        #expect(order.verdict(on: "7-42", of: bot) == .drop)
        #expect(order.verdict(on: "7-41", of: bot) == .drop)
        #expect(order.verdict(on: "6-99", of: bot) == .drop)
    }

    @Test("a jump is a gap of known size")
    func jump() {
        var order = EventOrder()
        #expect(order.verdict(on: "7-1", of: bot) == .pass)
        #expect(order.verdict(on: "7-5", of: bot) == .passAfterGap(missed: 3))
        #expect(order.verdict(on: "7-6", of: bot) == .pass)
    }

    @Test("a new link is a gap of unknown size, once")
    func newEpoch() {
        var order = EventOrder()
        #expect(order.verdict(on: "7-9", of: bot) == .pass)
        #expect(order.verdict(on: "8-1", of: bot) == .passAfterGap(missed: nil))
        #expect(order.verdict(on: "8-2", of: bot) == .pass)
    }

    @Test("a bot that said nothing on its first link comes after a gap on the next, and with none on the first")
    func silentLink() {
        var order = EventOrder()
        order.linked(bot, epoch: 7)
        order.linked(bot, epoch: 8)
        #expect(order.verdict(on: "8-1", of: bot) == .passAfterGap(missed: nil))
        order.linked(SelfID(10002), epoch: 3)
        #expect(order.verdict(on: "3-5", of: SelfID(10002)) == .pass)
    }

    @Test("bots are counted apart")
    func apart() {
        var order = EventOrder()
        #expect(order.verdict(on: "7-9", of: bot) == .pass)
        #expect(order.verdict(on: "3-1", of: SelfID(10002)) == .pass)
    }

    @Test(
        "an id that is no epoch and sequence says nothing", arguments: [nil, "", "x", "1", "1-", "-1", "1-x", "1-2-3"])
    func foreign(id: String?) {
        var order = EventOrder()
        #expect(order.verdict(on: "7-9", of: bot) == .pass)
        #expect(order.verdict(on: id, of: bot) == .pass)
        #expect(order.verdict(on: "7-10", of: bot) == .pass)
    }

    @Test("numbers up to the largest do not trap")
    func largest() {
        var order = EventOrder()
        #expect(order.verdict(on: "0-0", of: bot) == .pass)
        #expect(order.verdict(on: "0-\(UInt64.max)", of: bot) == .passAfterGap(missed: Int.max))
    }
}
