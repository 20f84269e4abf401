import Contracts
import OneBot
import Testing

@Suite struct PresenceReplicaTests {
    let edge = EdgeAddress(edgeID: "e1", instance: "a")
    let other = EdgeAddress(edgeID: "e2", instance: "a")

    private func client(
        _ appID: String, name: String? = nil, at edge: EdgeAddress? = nil, session: UInt64 = 1
    ) -> OnlineClient {
        OnlineClient(
            appID: appID, clientName: name, role: .universal, transport: .websocket, edge: edge ?? self.edge,
            sessionID: session, selfID: nil, connectedAt: 1, remoteAddress: "127.0.0.1:1")
    }

    private func bot(
        _ selfID: Int64, at edge: EdgeAddress? = nil, epoch: UInt64 = 1, online: Bool = true, index: Int? = nil
    ) -> OnlineBot {
        OnlineBot(
            selfID: SelfID(selfID), edge: edge ?? self.edge, epoch: epoch, isOnline: online, configuredIndex: index,
            isSupervised: false)
    }

    private func change(
        _ kind: PresenceChange.Kind, _ sequence: UInt64, epoch: UInt64 = 1, edge: EdgeAddress? = nil,
        clients: [OnlineClient] = [], bots: [OnlineBot] = []
    ) -> PresenceChange {
        PresenceChange(
            kind: kind, registryEpoch: epoch, sequence: sequence, edge: edge ?? self.edge, clients: clients, bots: bots)
    }

    private func snapshot(
        _ sequence: UInt64, epoch: UInt64 = 1, edges: [EdgeAddress] = [], clients: [OnlineClient] = [],
        bots: [OnlineBot] = []
    ) -> PresenceSnapshot {
        PresenceSnapshot(registryEpoch: epoch, sequence: sequence, edges: edges, clients: clients, bots: bots)
    }

    /// A replica that has its first snapshot.
    private func complete() -> PresenceReplica {
        var replica = PresenceReplica()
        _ = replica.replace(with: snapshot(0))
        return replica
    }

    @Test("changes in order are taken, and say what they did")
    func inOrder() {
        var replica = complete()
        _ = replica.apply(change(.edgeUp, 1))
        let online = replica.apply(change(.clientOnline, 2, clients: [client("x")]))
        let renamed = replica.apply(change(.clientRenamed, 3, clients: [client("x", name: "n")]))
        let offline = replica.apply(change(.clientOffline, 4, clients: [client("x", name: "n")]))
        #expect(online.cameOnline.map(\.appID) == ["x"])
        #expect(renamed.renamed.map(\.clientName) == ["n"])
        #expect(offline.wentOffline.map(\.appID) == ["x"])
        #expect(replica.clients.isEmpty)
        #expect(replica.edges == [edge])
        #expect(replica.isComplete)
    }

    @Test("a client that lives on AMQP comes and goes by itself, whatever happens to edges")
    func onAMQP() {
        var replica = complete()
        let program = OnlineClient(
            appID: "p", clientName: nil, role: .universal, transport: .amqp, edge: nil, sessionID: 0, selfID: nil,
            connectedAt: 1, remoteAddress: "")
        var change = change(.clientOnline, 1, clients: [program])
        change.edge = nil
        #expect(replica.apply(change).cameOnline == [program])
        #expect(replica.apply(self.change(.edgeDown, 2)).wentOffline.isEmpty)
        (change.kind, change.sequence) = (.edgeDown, 3)
        #expect(replica.apply(change).wentOffline.isEmpty)
        #expect(replica.replace(with: snapshot(3, clients: [program])).cameOnline.isEmpty)
        (change.kind, change.sequence) = (.clientOffline, 4)
        #expect(replica.apply(change).wentOffline == [program])
    }

    @Test("a repeat, or a change of a registry that was replaced, does nothing")
    func repeated() {
        var replica = complete()
        _ = replica.apply(change(.clientOnline, 1, epoch: 2, clients: [client("x")]))
        let again = replica.apply(change(.clientOnline, 1, epoch: 2, clients: [client("y")]))
        let older = replica.apply(change(.clientOnline, 9, epoch: 1, clients: [client("z")]))
        #expect(again.cameOnline.isEmpty && older.cameOnline.isEmpty)
        #expect(!older.needsSnapshot)
        #expect(Array(replica.clients.keys) == ["x"])
    }

    @Test("a jump asks for a snapshot, once")
    func jump() {
        var replica = complete()
        #expect(replica.apply(change(.edgeUp, 2)).needsSnapshot == true)
        #expect(!replica.isComplete)
        #expect(replica.apply(change(.edgeUp, 3, edge: other)).needsSnapshot == false)
        #expect(replica.apply(change(.edgeUp, 1, epoch: 2)).needsSnapshot == true, "another registry")
    }

    @Test("a snapshot mends everything, and says what differed")
    func mends() {
        var replica = complete()
        _ = replica.apply(
            change(.clientOnline, 1, clients: [client("stays"), client("goes"), client("moves"), client("named")]))
        _ = replica.apply(change(.botOnline, 2, bots: [bot(1), bot(2)]))
        let effect = replica.replace(
            with: snapshot(
                9, edges: [edge, other],
                clients: [
                    client("stays"), client("comes"), client("moves", at: other), client("named", name: "caf\u{E9}"),
                ], bots: [bot(1)]))
        #expect(Set(effect.cameOnline.map(\.appID)) == ["comes", "moves"])
        #expect(Set(effect.wentOffline.map(\.appID)) == ["goes", "moves"])
        #expect(effect.renamed.map(\.appID) == ["named"])
        #expect(effect.changedBots.map(\.selfID) == [SelfID(2)], "the registry knows nothing of it: it is away")
        #expect(replica.bots[SelfID(2)]?.isOnline == false)
        #expect(replica.isComplete)
        #expect(replica.apply(change(.edgeDown, 10, edge: other)).wentOffline.map(\.appID) == ["moves"])
    }

    @Test("only the first snapshot is of what was so before, whoever came meanwhile included")
    func first() {
        var replica = PresenceReplica()
        _ = replica.apply(change(.clientOnline, 5, clients: [client("early")]))
        let first = replica.replace(with: snapshot(5, edges: [edge], clients: [client("early"), client("before")]))
        #expect(first.isFirst)
        #expect(first.cameOnline.map(\.appID) == ["before"])
        #expect(!replica.replace(with: snapshot(9, edges: [edge], clients: [client("new")])).isFirst)
    }

    @Test("a name that differs only in its normal form is another name")
    func normalForms() {
        var replica = complete()
        _ = replica.apply(change(.clientOnline, 1, clients: [client("x", name: "caf\u{E9}")]))
        let effect = replica.replace(with: snapshot(5, clients: [client("x", name: "cafe\u{301}")]))
        #expect(effect.renamed.count == 1)
        #expect(replica.clients["x"]?.clientName?.utf8.count == 6)
    }

    @Test("a snapshot that changes overtook is brought up to date with them")
    func overtaken() {
        var replica = PresenceReplica()
        _ = replica.apply(change(.clientOnline, 6, clients: [client("new")]))
        _ = replica.apply(change(.clientOffline, 7, clients: [client("old")]))
        let effect = replica.replace(with: snapshot(5, edges: [edge], clients: [client("old"), client("kept")]))
        #expect(!effect.needsSnapshot)
        #expect(Set(replica.clients.keys) == ["new", "kept"])
        #expect(effect.cameOnline.map(\.appID) == ["kept"])
        #expect(replica.isComplete)
        #expect(replica.apply(change(.edgeUp, 8, edge: other)).needsSnapshot == false)
    }

    @Test("a snapshot from before a gap is not taken, and another is asked for")
    func beforeGap() {
        var replica = complete()
        _ = replica.apply(change(.clientOnline, 5, clients: [client("x")]))
        let effect = replica.replace(with: snapshot(3))
        #expect(effect.needsSnapshot)
        #expect(!replica.isComplete)
        #expect(Array(replica.clients.keys) == ["x"])
        #expect(!replica.replace(with: snapshot(4, clients: [])).needsSnapshot)
        #expect(replica.isComplete)
    }

    @Test("a snapshot of a registry that was replaced is not taken")
    func olderRegistry() {
        var replica = PresenceReplica()
        _ = replica.replace(with: snapshot(1, epoch: 5, clients: [client("x")]))
        #expect(!replica.replace(with: snapshot(99, epoch: 4)).needsSnapshot, "it is complete already")
        #expect(Array(replica.clients.keys) == ["x"])
    }

    @Test(
        "a link that goes is a lost one; one that follows another is a new one; the first, or one said again, is neither"
    )
    func lostLinks() {
        var replica = complete()
        var sequence: UInt64 = 0
        for (epoch, online, lost, new) in [
            (0, false, 0, 0), (2, true, 0, 0), (2, true, 0, 0), (3, true, 0, 1), (3, false, 1, 0), (4, true, 0, 1),
        ] {
            sequence += 1
            let effect = replica.apply(
                change(.botOnline, sequence, bots: [bot(1, epoch: UInt64(epoch), online: online)]))
            #expect(effect.lostLinks.count == lost, "epoch \(epoch), online \(online)")
            #expect(effect.newLinks.count == new, "epoch \(epoch), online \(online)")
        }
        #expect(replica.replace(with: snapshot(9, bots: [bot(1, epoch: 5)])).newLinks == [SelfID(1)])
    }

    @Test("an edge that ends takes its clients and bots with it, and no others")
    func edgeDown() {
        var replica = complete()
        _ = replica.apply(change(.edgeUp, 1))
        _ = replica.apply(change(.clientOnline, 2, clients: [client("x"), client("y", at: other)]))
        _ = replica.apply(change(.botOnline, 3, bots: [bot(1), bot(2, at: other), bot(3, online: false)]))
        let effect = replica.apply(change(.edgeDown, 4))
        #expect(effect.wentOffline.map(\.appID) == ["x"])
        #expect(effect.changedBots.map(\.selfID) == [SelfID(1)])
        #expect(effect.lostLinks == [SelfID(1)])
        #expect(replica.edges.isEmpty)
        #expect(Array(replica.clients.keys) == ["y"])
    }

    @Test("a client that took the place of its older session is gone there and here anew; the old one's end is no news")
    func replaced() {
        var replica = complete()
        _ = replica.apply(change(.clientOnline, 1, clients: [client("x")]))
        let effect = replica.apply(change(.clientOnline, 2, clients: [client("x", at: other)]))
        #expect(effect.wentOffline.map(\.edge) == [edge])
        #expect(effect.cameOnline.map(\.edge) == [other])
        let late = replica.apply(change(.clientOffline, 3, clients: [client("x")]))
        #expect(late.wentOffline.isEmpty)
        #expect(replica.clients["x"]?.edge == other)
    }

    @Test("the bot meant is the first configured, else the first that came")
    func defaultBot() {
        var replica = complete()
        #expect(replica.defaultBot == nil)
        _ = replica.apply(change(.botOnline, 1, bots: [bot(30, epoch: 9), bot(20, epoch: 5)]))
        #expect(replica.defaultBot?.selfID == SelfID(20))
        _ = replica.apply(change(.botOnline, 2, bots: [bot(50, epoch: 99, index: 1), bot(40, epoch: 98, index: 0)]))
        #expect(replica.defaultBot?.selfID == SelfID(40))
    }

    @Test("everybody in a process sees the same view")
    func view() {
        let view = PresenceView()
        #expect(!view.current.isComplete)
        _ = view.replace(with: snapshot(0))
        _ = view.apply(change(.clientOnline, 1, clients: [client("x")]))
        #expect(view.current.clients["x"] != nil)
    }
}
