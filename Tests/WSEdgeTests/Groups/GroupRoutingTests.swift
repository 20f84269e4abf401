import Contracts
import OneBot
import Testing

@testable import WSEdge

@Suite("Which member of a group has which chat")
struct GroupRoutingTests {
    private let names = ["a", "b", "c", "d"]

    private func members(_ names: [String]) -> GroupMembers.Candidates {
        GroupMembers.Candidates(names.map(member))
    }

    private func member(_ name: String) -> GroupMember {
        GroupMember(appID: name, edge: EdgeAddress(edgeID: "e", instance: "1"), sessionID: 1)
    }

    private func place(_ chat: Int, group: String = "workers") -> GroupRouting.Place {
        GroupRouting.Place(bot: SelfID(10001), group: group, chat: Chat("group.\(30_000 + chat)"))
    }

    private func at(_ sequence: UInt64, epoch: UInt64 = 1) -> EventPosition {
        EventPosition(epoch: epoch, sequence: sequence)
    }

    /// The owner of each of 200 chats.
    private func owners(_ routing: inout GroupRouting, among names: [String], at sequence: UInt64) -> [String?] {
        (0..<200).map { routing.owner(of: place($0), among: members(names), at: at(sequence))?.appID }
    }

    @Test("200 chats are spread over 4 members, each getting between half and twice its share")
    func balance() {
        var routing = GroupRouting()
        let owners = owners(&routing, among: names, at: 1)
        for name in names { #expect((25...100).contains(owners.count { $0 == name }), "\(name)") }
    }

    @Test("every process chooses alike")
    func fixedChoices() {
        let chosen = (0..<12).map { GroupRouting.choose(for: place($0), among: members(names))?.appID }
        #expect(chosen == ["c", "c", "b", "c", "a", "c", "c", "b", "c", "b", "b", "b"])
        let user = GroupRouting.Place(bot: SelfID(10001), group: "workers", chat: Chat("user.20001"))
        #expect(GroupRouting.choose(for: user, among: members(names))?.appID == "c")
        let rest = GroupRouting.Place(bot: SelfID(10001), group: "workers", chat: .none)
        #expect(GroupRouting.choose(for: rest, among: members(names.reversed()))?.appID == "b")
    }

    @Test("a death moves the chats of the dead and no others, and not all of them to one")
    func death() {
        var routing = GroupRouting()
        let before = owners(&routing, among: names, at: 1)
        let after = owners(&routing, among: ["a", "b", "d"], at: 2)
        for (old, new) in zip(before, after) where old != "c" { #expect(old == new) }
        let heirs = Set(zip(before, after).filter { $0.0 == "c" }.map(\.1))
        #expect(heirs == ["a", "b", "d"])
    }

    @Test("who joins gets new chats; those there are stay where they are")
    func join() {
        var routing = GroupRouting()
        let before = owners(&routing, among: ["a", "b"], at: 1)
        #expect(owners(&routing, among: names, at: 2) == before)
        let new = (200..<400).map { routing.owner(of: place($0), among: members(names), at: at(3))?.appID }
        #expect(Set(new) == Set(names))
    }

    @Test("a chat that moved stays where it went, also when its first member is back")
    func back() {
        var routing = GroupRouting()
        _ = owners(&routing, among: names, at: 1)
        let without = owners(&routing, among: ["a", "b", "d"], at: 2)
        #expect(owners(&routing, among: names, at: 3) == without)
    }

    @Test("groups have nothing to do with each other, and one without members gets nothing")
    func groups() {
        var routing = GroupRouting()
        let first = owners(&routing, among: names, at: 1)
        let second = (0..<200).map { routing.owner(of: place($0, group: "log"), among: members(names), at: at(1)) }
        #expect(second.map { $0?.appID } != first)
        #expect(routing.owner(of: place(0), among: members([]), at: at(2)) == nil)
    }

    @Test("an edge that takes the link over goes on as the one before decided, though it would have chosen otherwise")
    func takeover() {
        var holder = GroupRouting()
        var next = GroupRouting()
        _ = owners(&holder, among: ["a", "b"], at: 1)
        for chat in 0..<200 {
            guard let owner = holder.owner(of: place(chat), among: members(names), at: at(2)) else { continue }
            next.observe(owner, of: place(chat), at: at(2))
        }
        #expect(owners(&next, among: names, at: 3) == owners(&holder, among: names, at: 3))
    }

    @Test("what was decided earlier, and is heard later, changes nothing")
    func late() {
        var routing = GroupRouting()
        _ = routing.owner(of: place(0), among: members(["a"]), at: at(1))
        _ = routing.owner(of: place(0), among: members(["b"]), at: at(5))
        routing.observe(member("a"), of: place(0), at: at(4))
        routing.observe(member("a"), of: place(0), at: at(5))
        #expect(routing.owner(of: place(0), among: members(names), at: at(6))?.appID == "b")
        routing.observe(member("d"), of: place(0), at: at(1, epoch: 2))
        #expect(routing.owner(of: place(0), among: members(names), at: at(2, epoch: 2))?.appID == "d")
    }

    @Test("so many chats are remembered and no more")
    func bound() {
        var routing = GroupRouting(limit: 100)
        for chat in 0..<10_000 { _ = routing.owner(of: place(chat), among: members(["a"]), at: at(1)) }
        #expect(routing.count <= 200)
        // The latest of them are still known.
        #expect(routing.owner(of: place(9_999), among: members(names), at: at(2))?.appID == "a")
        #expect(GroupRouting.maxPlaces == 65_536)
    }
}
