import OneBot
import TestSupport
import Testing

@testable import WSEdge

@Suite("Who receives what")
struct HubStateTests {
    final class Member {}

    let first = SelfID(1)
    let second = SelfID(2)

    @Test("a bot's events go to those bound to it and to those who follow every bot")
    func recipients() {
        var hub = HubState<Member>()
        let (a, b, all, api, waiting) = (Member(), Member(), Member(), Member(), Member())
        hub.add(a, id: 1, to: .bot(first))
        hub.add(b, id: 2, to: .bot(second))
        hub.add(all, id: 3, to: .everyBot)
        hub.add(api, id: 4, to: .none)
        hub.add(waiting, id: 5, to: .unbound)
        #expect(received(hub, first) == [ObjectIdentifier(a), ObjectIdentifier(all)])
        #expect(received(hub, second) == [ObjectIdentifier(b), ObjectIdentifier(all)])
        var events: Set<ObjectIdentifier> = []
        hub.forEachRecipient { events.insert(ObjectIdentifier($0)) }
        #expect(events == Set([a, b, all, waiting].map { ObjectIdentifier($0) }))
        #expect(Set(hub.boundBots) == [first, second])
        #expect(hub.waitingCount == 1)
    }

    @Test("who moves is heard in the new place only")
    func moves() {
        var hub = HubState<Member>()
        let member = Member()
        hub.add(member, id: 1, to: .unbound)
        hub.move(1, to: .bot(first))
        #expect(received(hub, first) == [ObjectIdentifier(member)])
        #expect(hub.members(of: .unbound).isEmpty)
        #expect(hub.waitingCount == 0)
        #expect(hub.count == 1)
    }

    @Test("random joins, moves and leaves keep every array true")
    func random() {
        var generator = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0...UInt64.max, using: &generator)
        var random = SeededGenerator(seed: seed)
        var hub = HubState<Member>()
        var model: [UInt64: (Member, SelfID)] = [:]
        for _ in 0..<5_000 {
            let id = UInt64.random(in: 0..<40, using: &random)
            let bot = SelfID(Int64.random(in: 1...3, using: &random))
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                let member = Member()
                hub.add(member, id: id, to: .bot(bot))
                model[id] = (member, bot)
            case 1:
                hub.move(id, to: .bot(bot))
                if let known = model[id] { model[id] = (known.0, bot) }
            default:
                hub.remove(id)
                model[id] = nil
            }
        }
        for bot in [SelfID(1), SelfID(2), SelfID(3)] {
            let expected = Set(model.values.filter { $0.1 == bot }.map { ObjectIdentifier($0.0) })
            #expect(received(hub, bot) == expected, "seed \(seed)")
        }
        #expect(hub.count == model.count, "seed \(seed)")
    }

    @Test("who shares a bot's events hears what is said of the bot, and is given no event together with others")
    func sharing() {
        var hub = HubState<Member>()
        let (alone, sharing, everywhere, some) = (Member(), Member(), Member(), Member())
        hub.add(alone, id: 1, to: .bot(SelfID(1)))
        hub.add(sharing, id: 2, to: Audience.bot(SelfID(1)).shared(true))
        hub.add(everywhere, id: 3, to: Audience.everyBot.shared(true))
        hub.add(some, id: 4, to: Audience.someBots([SelfID(1), SelfID(2)]).shared(true))
        hub.add(Member(), id: 5, to: Audience.bot(SelfID(2)).shared(true))
        #expect(received(hub, SelfID(1)) == [ObjectIdentifier(alone)])
        var followers: Set<ObjectIdentifier> = []
        hub.forEachFollower(of: SelfID(1)) { followers.insert(ObjectIdentifier($0)) }
        #expect(followers == Set([alone, sharing, everywhere, some].map(ObjectIdentifier.init)))
        var all = 0
        hub.forEachRecipient { _ in all += 1 }
        #expect(all == 5)
        #expect(hub.followsEveryBot)
        hub.remove(1)
        #expect(Set(hub.boundBots) == [SelfID(1), SelfID(2)])
    }

    private func received(_ hub: HubState<Member>, _ bot: SelfID) -> Set<ObjectIdentifier> {
        var seen: [ObjectIdentifier] = []
        hub.forEachRecipient(of: bot) { seen.append(ObjectIdentifier($0)) }
        #expect(seen.count == Set(seen).count, "nobody hears an event twice")
        return Set(seen)
    }
}
