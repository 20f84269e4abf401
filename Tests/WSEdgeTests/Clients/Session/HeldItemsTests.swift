import Contracts
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import WSEdge

@Suite("What waits behind the lifecycle")
struct HeldItemsTests {
    @Test("the oldest goes where the bound is reached, and the rest keeps its order")
    func bounded() {
        var held = HeldItems()
        for number in 0..<HeldItems.maxItems { #expect(held.append(gap(1, missed: number)) == 0) }
        #expect(held.append(gap(1, missed: -1)) == 1)
        let numbers: [Int?] = held.takeAll().map { item in
            guard case .own(.gap(let gap)) = item else { return nil }
            return gap.missed
        }
        #expect(numbers.first == 1)
        #expect(numbers.last == -1)
        let rest = held.takeAll()
        #expect(rest.isEmpty)
    }

    @Test("a number of missing events that is none any more is not known")
    func overflow() {
        var held = HeldItems(maxItems: 1)
        for _ in 1...3 { _ = held.append(gap(1, missed: .max)) }
        guard case .own(.gap(let gap)) = held.takeAll().first else {
            Issue.record("nothing was told")
            return
        }
        #expect(gap.missed == nil)
    }

    @Test("bytes are bounded too, and one large item fits")
    func bytes() {
        var held = HeldItems()
        let large = ByteBuffer(repeating: 0, count: HeldItems.maxBytes + 1)
        #expect(held.append(.events(SelfID(1), frames: large, count: 1)) == 0)
        #expect(held.append(.events(SelfID(1), frames: large, count: 1)) == 1)
    }

    private func events(_ bot: Int64, _ text: String = "e", count: Int = 1) -> ClientItem {
        .events(SelfID(bot), frames: ByteBuffer(string: text), count: count)
    }

    private func gap(_ bot: Int64, missed: Int?) -> ClientItem { .own(.gap(EventGap(of: SelfID(bot), missed: missed))) }

    private func gaps(_ items: [ClientItem]) -> [SelfID: Int?] {
        items.reduce(into: [:]) { gaps, item in
            if case .own(.gap(let gap)) = item { gaps[gap.source] = gap.missed }
        }
    }

    @Test("what had to go is declared, for each bot, and before all else")
    func missed() {
        var held = HeldItems(maxItems: 2)
        for item in [events(1, count: 3), events(2, count: 2), events(1, count: 4), events(3)] { _ = held.append(item) }
        let items = held.takeAll()
        #expect(gaps(items) == [SelfID(1): 3, SelfID(2): 2])
        #expect(items.count == 4)
        if case .own(.gap) = items[0], case .own(.gap) = items[1], case .events(let bot, _, 4) = items[2] {
            #expect(bot == SelfID(1))
        } else {
            Issue.record("\(items)")
        }
        let nothing = held.takeAll()
        #expect(nothing.isEmpty)
    }

    @Test("a gap that had to go adds up with what went; one of unknown size leaves it unknown")
    func missedGaps() {
        var held = HeldItems(maxItems: 1)
        for item in [events(1, count: 3), gap(1, missed: 2), events(1)] { _ = held.append(item) }
        #expect(gaps(held.all) == [SelfID(1): 5])
        for item in [gap(1, missed: nil), events(1)] { _ = held.append(item) }
        #expect(gaps(held.all) == [SelfID(1): Int?.none])
    }

    @Test("other bots' events are left out, with what of them had to go; those of a group are handed back")
    func leftOut() {
        var held = HeldItems(maxItems: 3)
        let grouped = GroupedEvent(
            place: GroupRouting.Place(bot: SelfID(2), group: "g", chat: .none), messageID: "1-1",
            owner: GroupMember(appID: "a", edge: EdgeAddress(edgeID: "e", instance: "i"), sessionID: 1),
            frames: ByteBuffer(string: "g")
        ) { _ in }
        let client = OnlineClient.fixture("a", at: EdgeAddress(edgeID: "e", instance: "i"))
        let status = OwnEvent.clientStatus(ClientStatus(client, isOnline: true, isCrowd: false))
        for item in [events(2), .own(status), events(1), .grouped(grouped)] {
            _ = held.append(item)
        }
        let others = held.leaveOut { $0 != SelfID(1) }
        #expect(others.map(\.messageID) == ["1-1"])
        let rest = held.takeAll()
        #expect(rest.count == 2)
        #expect(gaps(rest).isEmpty)
        if case .own(.clientStatus) = rest.first {} else { Issue.record("\(rest)") }
    }
}

@Suite("The first events of a bot, for targets that begin with it")
struct FirstEventsTests {
    private let now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func event(_ bot: SelfID, _ text: String = "e") -> ClientItem {
        .events(bot, frames: ByteBuffer(string: text), count: 1)
    }

    private func news(_ bot: SelfID, epoch: UInt64 = 100) -> OnlineBot {
        var news = OnlineBot.fixture(bot.number, at: EdgeAddress(edgeID: "e1", instance: "1"))
        news.epoch = epoch
        return news
    }

    @Test("they are kept until a moment after everybody was told of the bot, what comes meanwhile included")
    func kept() {
        var first = FirstEvents(began: 100)
        let bot = SelfID(1)
        first.append(event(bot), of: bot, isKnown: false)
        first.expire(at: now + .hours(1))
        first.known(news(bot), isKnown: false, at: now)
        first.append(event(bot), of: bot, isKnown: true)
        first.known(news(bot), isKnown: true, at: now + .seconds(1))
        first.expire(at: now + FirstEvents.patience - .nanoseconds(1))
        #expect(first.items(of: bot).count == 2)
        first.expire(at: now + FirstEvents.patience)
        #expect(first.items(of: bot).isEmpty)
        first.append(event(bot), of: bot, isKnown: true)
        #expect(first.items(of: bot).isEmpty, "its targets are at work, or late")
    }

    @Test("a bot that everybody was told of before it spoke has first events as well")
    func knownFirst() {
        var first = FirstEvents(began: 100)
        let bot = SelfID(1)
        first.known(news(bot), isKnown: false, at: now)
        first.append(event(bot), of: bot, isKnown: true)
        #expect(first.items(of: bot).count == 1)
        first.expire(at: now + FirstEvents.patience)
        #expect(first.items(of: bot).isEmpty)
    }

    @Test("of a bot that had its link before the edge began nothing is kept: others may have delivered it")
    func older() {
        var first = FirstEvents(began: 100)
        let bot = SelfID(1)
        first.append(event(bot), of: bot, isKnown: false)
        first.known(news(bot, epoch: 99), isKnown: false, at: now)
        first.append(event(bot), of: bot, isKnown: true)
        #expect(first.items(of: bot).isEmpty)
    }

    @Test("of a bot that is known and away, its link's first events are kept, whenever it had its last")
    func away() {
        var first = FirstEvents(began: 100)
        let bot = SelfID(1)
        var away = news(bot, epoch: 7)
        away.isOnline = false
        first.append(event(bot), of: bot, isKnown: false)
        first.known(away, isKnown: false, at: now)
        first.append(event(bot), of: bot, isKnown: true)
        #expect(first.items(of: bot).count == 2)
    }

    @Test("a bot that was known before is nobody's first")
    func knownBefore() {
        var first = FirstEvents(began: 100)
        first.append(event(SelfID(1)), of: SelfID(1), isKnown: true)
        #expect(first.items(of: SelfID(1)).isEmpty)
    }

    @Test("so many bots and so many bytes at most; what had to go is declared")
    func bounded() {
        var first = FirstEvents(began: 100)
        for number in 0...Int64(FirstEvents.maxBots) {
            first.append(event(SelfID(number)), of: SelfID(number), isKnown: false)
        }
        #expect(first.items(of: SelfID(Int64(FirstEvents.maxBots))).isEmpty)
        let large = String(repeating: "x", count: FirstEvents.maxBytes)
        first.append(event(SelfID(0), large), of: SelfID(0), isKnown: false)
        let items = first.items(of: SelfID(0))
        #expect(items.count == 2)
        guard case .own(.gap(let gap)) = items.first else {
            Issue.record("nothing was declared")
            return
        }
        #expect(gap.missed == 1)
    }
}
