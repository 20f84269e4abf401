import Contracts
import OneBot
import Testing

@Suite("The members of groups, as presence tells of them")
struct GroupMembersTests {
    private let edge = EdgeAddress(edgeID: "e1", instance: "a")
    private let bot = SelfID(1)

    private func client(
        _ appID: String, group: String? = "g", of bot: Int64? = 1, role: ClientRole = .universal, session: UInt64 = 1,
        at edge: EdgeAddress? = nil, bots: [Int64]? = nil
    ) -> OnlineClient {
        OnlineClient(
            appID: appID, clientName: nil, role: role, transport: .websocket, edge: edge ?? self.edge,
            sessionID: session, selfID: bot.map { SelfID($0) }, connectedAt: 1, remoteAddress: "", group: group,
            groupBots: bots?.map { SelfID($0) })
    }

    private func change(
        _ kind: PresenceChange.Kind, _ sequence: UInt64, _ clients: [OnlineClient], edge: EdgeAddress? = nil
    ) -> PresenceChange {
        PresenceChange(
            kind: kind, registryEpoch: 1, sequence: sequence, edge: edge ?? self.edge, clients: clients, bots: [])
    }

    private func complete(_ clients: [OnlineClient]) -> PresenceReplica {
        var replica = PresenceReplica()
        _ = replica.replace(
            with: PresenceSnapshot(registryEpoch: 1, sequence: 0, edges: [edge], clients: clients, bots: []))
        return replica
    }

    private func names(_ replica: PresenceReplica, _ group: String = "g", of bot: Int64 = 1) -> Set<String> {
        var names: Set<String> = []
        replica.groups.members(of: group, following: SelfID(bot)).forEach { names.insert($0.appID) }
        return names
    }

    @Test("those count that are of the group, follow the bot or all bots, and hear events")
    func who() {
        let replica = complete([
            client("a"), client("b", of: nil), client("c", of: 2), client("d", group: "other"), client("e", group: nil),
            client("f", role: .api), client("h", role: .event), client("i", group: "no word"),
        ])
        #expect(names(replica) == ["a", "b", "h"])
        #expect(names(replica, of: 2) == ["b", "c"])
        #expect(names(replica, of: 3) == ["b"])
        let groups = replica.groups.groups(following: bot)
        #expect(Set(groups.map(\.group)) == ["g", "other"])
        #expect(groups.first { $0.group == "g" }?.members.count == 3)
        #expect(Set(replica.groups.groups(following: SelfID(3)).map(\.group)) == ["g"])
    }

    @Test("one that follows some bots counts for those, and goes from all of them")
    func someBots() {
        var replica = complete([client("a", of: nil, bots: [1, 2]), client("b", of: nil)])
        #expect(names(replica) == ["a", "b"])
        #expect(names(replica, of: 2) == ["a", "b"])
        #expect(names(replica, of: 3) == ["b"])
        _ = replica.apply(change(.clientOffline, 1, [client("a", of: nil, bots: [1, 2])]))
        #expect(names(replica) == ["b"])
        #expect(names(replica, of: 2) == ["b"])
    }

    @Test("they come and go with presence, and are bound to a bot late")
    func changes() {
        var replica = complete([])
        #expect(replica.groups.isEmpty)
        _ = replica.apply(change(.clientOnline, 1, [client("a", of: nil)]))
        _ = replica.apply(change(.clientOnline, 2, [client("b")]))
        #expect(names(replica, of: 2) == ["a"])
        _ = replica.apply(change(.clientOnline, 3, [client("a")]))
        #expect(names(replica, of: 2) == [])
        #expect(names(replica) == ["a", "b"])
        _ = replica.apply(change(.clientRenamed, 4, [client("a")]))
        _ = replica.apply(change(.clientOffline, 5, [client("a")]))
        #expect(names(replica) == ["b"])
        #expect(replica.groups.hasMembers(at: edge))
        _ = replica.apply(change(.edgeDown, 6, []))
        #expect(replica.groups.isEmpty)
        #expect(!replica.groups.hasMembers(at: edge))
    }

    @Test("one that comes back elsewhere counts with its new session, and a snapshot mends what was missed")
    func elsewhere() {
        var replica = complete([client("a"), client("b")])
        let other = EdgeAddress(edgeID: "e2", instance: "b")
        _ = replica.apply(change(.clientOnline, 1, [client("a", session: 9, at: other)], edge: other))
        let member = replica.groups.members(of: "g", following: bot)["a"]
        #expect(member == GroupMember(appID: "a", edge: other, sessionID: 9))
        _ = replica.replace(
            with: PresenceSnapshot(
                registryEpoch: 1, sequence: 5, edges: [edge], clients: [client("c")], bots: []))
        #expect(names(replica) == ["c"])
    }
}
