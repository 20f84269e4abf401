import Contracts
import OneBot
import Testing

@testable import Registry

@Suite struct ReportTests {
    let edge = RegistryWorld.edge
    let other = RegistryWorld.other

    private func reportsAsked(_ world: RegistryWorld) -> Int {
        world.requests.count { if case .report = $0 { true } else { false } }
    }

    @Test("an edge that falls silent ends in one change, with its clients and bots")
    func lapses() throws {
        var world = RegistryWorld()
        try world.report(.full, bots: [RegistryWorld.bot(10001)])
        let grants = try (1...3).map { try world.register($0) }
        _ = try world.register(1, at: other)
        world.published = []
        for _ in 0..<5 {
            world.pass(.seconds(5))
            try world.report(.renew, of: other)
        }
        #expect(world.published.kinds == [.edgeDown])
        let change = try #require(world.published.first)
        #expect(Set(change.clients.map(\.appID)) == Set(grants.map(\.appID)))
        #expect(change.bots.map(\.selfID) == [SelfID(10001)])
        #expect(change.bots.allSatisfy { !$0.isOnline })
        #expect(world.replica.clients.count == 1)
        #expect(world.replica.edges == [other])
    }

    @Test("an edge that renews lives")
    func renews() throws {
        var world = RegistryWorld()
        try world.report(.full)
        _ = try world.register(1)
        for _ in 0..<20 {
            world.pass(.seconds(5))
            try world.report(.renew)
        }
        #expect(world.replica.clients.count == 1)
        #expect(world.requests.isEmpty)
    }

    @Test("an edge that comes back after a silence is up again, and asked for everything")
    func comesBack() throws {
        var world = RegistryWorld()
        try world.report(.full)
        let grant = try world.register(1)
        world.pass(.seconds(30))
        #expect(world.replica.clients.isEmpty)
        try world.report(.renew, count: 1)
        #expect(world.requests == [.report(edge)])
        try world.report(.full, sessions: [RegistryWorld.claim(1, granted: grant)])
        #expect(world.replica.clients[grant.appID]?.sessionID == 1)
        #expect(world.replica.edges == [edge])
    }

    @Test("a new run of an edge ends the old one at once, and its late reports count no more")
    func superseded() throws {
        var world = RegistryWorld()
        try world.report(.full, bots: [RegistryWorld.bot(10001)])
        let grant = try world.register(1, name: "bot")
        let later = EdgeAddress(edgeID: edge.edgeID, instance: "b")
        world.published = []
        try world.report(.full, of: later)
        #expect(world.published.kinds == [.edgeDown, .edgeUp])
        #expect(world.published.map(\.edge) == [edge, later])
        #expect(try !world.report(.renew, of: edge))
        #expect(try !world.report(.full, of: edge, sessions: [RegistryWorld.claim(1, granted: grant)]))
        #expect(world.replica.clients.isEmpty)
        #expect(try world.register(1, at: later, name: "bot").clientName == "bot")
    }

    @Test("an edge that ends in good order is gone at once, and not taken back")
    func down() throws {
        var world = RegistryWorld()
        try world.report(.full)
        _ = try world.register(1)
        try world.report(.down)
        #expect(world.published.last?.kind == .edgeDown)
        #expect(world.replica.clients.isEmpty)
        #expect(try !world.report(.down))
        #expect(try !world.report(.renew))
    }

    @Test("a full report is all there is: what is missing left, what is new joined")
    func full() throws {
        var world = RegistryWorld()
        try world.report(.full)
        let grants = try (1...3).map { try world.register($0) }
        world.pass(.seconds(3))
        world.published = []
        try world.report(
            .full,
            sessions: [RegistryWorld.claim(1, granted: grants[0]), RegistryWorld.claim(9)],
            bots: [RegistryWorld.bot(10001)])
        #expect(world.published.kinds == [.clientOffline, .clientOnline, .botOnline])
        #expect(world.published[0].clients.count == 2)
        #expect(Set(world.replica.clients.values.map(\.sessionID)) == [1, 9])
        #expect(world.replica.bots[SelfID(10001)]?.isOnline == true)
        world.published = []
        world.pass(.seconds(1))
        let granted = world.state.clients.client(of: SessionKey(edge: edge, sessionID: 9))?.grant
        try world.report(
            .full, sessions: [RegistryWorld.claim(1, granted: grants[0]), RegistryWorld.claim(9, granted: granted)])
        #expect(world.published.kinds == [.botOffline])
    }

    @Test("a session that was registered while the report was on its way is not taken for gone")
    func overtaken() throws {
        var world = RegistryWorld()
        let grant = try world.register(1)
        try world.report(.full)
        #expect(world.replica.clients[grant.appID] != nil)
        #expect(world.requests.isEmpty)
        world.pass(RegistryState.overtaking)
        #expect(world.requests == [.report(edge)], "it may have left all the same")
        try world.report(.full)
        #expect(world.replica.clients.isEmpty)
    }

    @Test("a session whose question got no answer in time is registered by report, and gets the same grant later")
    func later() throws {
        var world = RegistryWorld()
        try world.report(.full)
        try world.report(.change, sessions: [RegistryWorld.claim(1)], count: 1)
        let online = try #require(world.replica.clients.values.first)
        #expect(try world.register(1).appID == online.appID)
        #expect(world.requests.isEmpty)
    }

    @Test("a report that was seen before does nothing")
    func repeated() throws {
        var world = RegistryWorld()
        try world.report(.full)
        _ = try world.register(1)
        try world.report(.change, sequence: 2, left: [1], count: 0)
        _ = try world.register(2)
        let count = world.published.count
        try world.report(.change, sequence: 2, left: [2], count: 0)
        try world.report(.full, sequence: 1)
        #expect(world.published.count == count)
        #expect(world.replica.clients.count == 1)
    }

    @Test("a jump in the numbers makes the registry ask for everything, once in a while")
    func jump() throws {
        var world = RegistryWorld()
        try world.report(.full, sequence: 1)
        try world.report(.renew, sequence: 3)
        #expect(reportsAsked(world) == 1)
        try world.report(.renew, sequence: 5)
        #expect(reportsAsked(world) == 1)
        world.pass(.seconds(5))
        try world.report(.renew, sequence: 7)
        #expect(reportsAsked(world) == 2)
    }

    @Test("a number of sessions that stays wrong makes the registry ask for everything")
    func count() throws {
        var world = RegistryWorld()
        try world.report(.full)
        try world.report(.renew, count: 1)
        #expect(reportsAsked(world) == 0, "a question may have been overtaken")
        try world.report(.renew, count: 1)
        #expect(reportsAsked(world) == 1)
    }

    @Test("a session that was refused is counted, so that nobody asks for ever")
    func refused() throws {
        var world = RegistryWorld()
        try world.report(.full)
        _ = try world.register(1, name: "bot")
        try world.report(.change, sessions: [RegistryWorld.claim(2, name: "bot")], count: 2)
        for _ in 0..<5 {
            world.pass(.seconds(5))
            try world.report(.renew, count: Bool.random() ? 1 : 2)
        }
        #expect(reportsAsked(world) == 0)
        try world.report(.renew, count: 3)
        try world.report(.renew, count: 3)
        #expect(reportsAsked(world) == 1)
    }

    @Test("a session is bound to a bot later: others hear of it, nobody comes or goes")
    func bound() throws {
        var world = RegistryWorld()
        try world.report(.full)
        let grant = try world.register(1)
        try world.report(.change, sessions: [RegistryWorld.claim(1, granted: grant, selfID: SelfID(10001))], count: 1)
        #expect(world.replica.clients[grant.appID]?.selfID == SelfID(10001))
        #expect(world.published.kinds == [.edgeUp, .clientOnline, .clientOnline])
    }

    @Test("a grant that contradicts what is known is refused, and its session closed")
    func contradiction() throws {
        var world = RegistryWorld()
        try world.report(.full, of: edge)
        try world.report(.full, of: other)
        let grant = try world.register(1)
        try world.report(.change, of: other, sessions: [RegistryWorld.claim(5, granted: grant)], count: 1)
        #expect(world.replica.clients[grant.appID]?.edge == edge)
        let stolen = SessionGrant(appID: grant.appID, clientToken: "another")
        try world.report(.change, of: other, sessions: [RegistryWorld.claim(6, granted: stolen)], count: 2)
        #expect(world.replica.clients[grant.appID]?.edge == edge)
        let closed = world.requests.compactMap { request -> UInt64? in
            if case .disconnect(other, let session, _) = request { session } else { nil }
        }
        #expect(closed == [5, 6])
    }

    @Test("of two holders of a name the one known first keeps it")
    func nameConflict() throws {
        var world = RegistryWorld()
        try world.report(.full, of: edge)
        try world.report(
            .full, of: other,
            sessions: [
                RegistryWorld.claim(1, granted: SessionGrant(appID: "x", clientToken: "tx", clientName: "bot")),
                RegistryWorld.claim(2, granted: SessionGrant(appID: "y", clientToken: "ty", clientName: "bot")),
            ])
        #expect(world.replica.clients["x"]?.clientName == "bot")
        #expect(world.replica.clients.keys.contains("y"))
        #expect(world.replica.clients["y"]?.clientName == nil)
    }

    @Test("after a suspended machine wakes up nothing has lapsed, and who stays silent lapses then")
    func standsStill() throws {
        var world = RegistryWorld()
        try world.report(.full, of: edge)
        try world.report(.full, of: other)
        world.pass(.seconds(2))
        world.now.uptime += .seconds(3_600)
        world.carryOut(world.state.expire(at: world.now))
        #expect(world.replica.edges == [edge, other])
        try world.report(.renew, of: edge)
        world.pass(.seconds(14))
        try world.report(.renew, of: edge)
        world.pass(.seconds(2))
        #expect(world.replica.edges == [edge])
    }

    @Test("a jump of the calendar ends nothing")
    func calendar() throws {
        var world = RegistryWorld()
        let grant = try world.register(1, name: "bot", resume: 60)
        try world.report(.full, sessions: [RegistryWorld.claim(1, granted: grant)])
        try world.report(.change, left: [1])
        world.now.utcMilliseconds += 86_400_000
        world.pass(.seconds(5))
        #expect(try world.register(2, token: grant.clientToken) == grant)
    }
}
