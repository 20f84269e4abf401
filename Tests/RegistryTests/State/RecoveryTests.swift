import Contracts
import OneBot
import Testing

@testable import Registry

@Suite struct RecoveryTests {
    let edge = RegistryWorld.edge
    let other = RegistryWorld.other

    @Test("a registry that starts empty is ready at once")
    func fresh() throws {
        let world = RegistryWorld()
        #expect(try world.state.snapshot().clients.isEmpty)
        #expect(world.state.whatIsAwaited == nil)
    }

    @Test("after a restart the list waits for every edge's report, names stay reserved, and all are asked")
    func waits() throws {
        var before = RegistryWorld()
        try before.report(.full, of: edge)
        try before.report(.full, of: other)
        let grant = try before.register(1, at: edge, name: "bot")
        var world = before.restarted()
        #expect(Set(world.requests) == [.report(edge), .report(other)])
        let refusal = failure { _ = try world.state.snapshot() }
        #expect(refusal?.retcode == 1503)
        #expect(refusal?.reason.carriedOut?.retryAfter != nil)

        try world.report(.full, of: other)
        #expect(failure { _ = try world.state.snapshot() }?.retcode == 1503)
        #expect(failure { _ = try world.register(5, at: other, name: "bot") }?.retcode == 1409)

        try world.report(.full, of: edge, sessions: [RegistryWorld.claim(1, granted: grant)])
        let snapshot = try world.state.snapshot()
        #expect(snapshot.clients.map(\.appID) == [grant.appID])
        #expect(snapshot.clients.map(\.clientName) == ["bot"])
        #expect(Set(snapshot.edges) == [edge, other])
        #expect(snapshot.registryEpoch > before.state.presence.registryEpoch)
    }

    @Test("edges that do not report in one lease are gone, and what was reserved with them")
    func lapses() throws {
        var before = RegistryWorld()
        try before.report(.full)
        _ = try before.register(1, name: "bot")
        var world = before.restarted()
        world.pass(.seconds(14))
        #expect(failure { _ = try world.state.snapshot() }?.retcode == 1503)
        world.pass(.seconds(2))
        #expect(try world.state.snapshot().clients.isEmpty)
        #expect(try world.register(1, at: other, name: "bot").clientName == "bot")
    }

    @Test("a restarted edge takes the place of its former run at once: nobody waits for a lease")
    func superseded() throws {
        var before = RegistryWorld()
        try before.report(.full)
        _ = try before.register(1, name: "bot")
        var world = before.restarted()
        let later = EdgeAddress(edgeID: edge.edgeID, instance: "b")
        #expect(try world.register(1, at: later, name: "bot").clientName == "bot")
        #expect(try world.state.snapshot().edges == [later])
        #expect(try !world.report(.full, of: edge))
    }

    @Test("what was replaced before a restart is not believed after it")
    func endedBefore() throws {
        var before = RegistryWorld()
        try before.report(.full, of: edge)
        let later = EdgeAddress(edgeID: edge.edgeID, instance: "b")
        try before.report(.full, of: later)
        var world = before.restarted()
        #expect(try !world.report(.renew, of: edge))
        #expect(try world.report(.full, of: later))
    }

    @Test("a client that was to be kept can resume after a restart, within its window")
    func resumes() throws {
        var before = RegistryWorld()
        let grant = try before.register(1, name: "bot", resume: 60)
        try before.report(.full, sessions: [RegistryWorld.claim(1, resume: 60, granted: grant)])
        try before.report(.change, left: [1])
        var inTime = before.restarted(after: .seconds(50))
        #expect(try inTime.register(1, at: other, token: grant.clientToken) == grant)

        var late = before.restarted(after: .seconds(50))
        late.pass(.seconds(11))
        #expect(failure { _ = try late.register(1, at: other, token: grant.clientToken) }?.retcode == 1401)
        #expect(try late.register(1, at: other, name: "bot").clientName == "bot")
    }

    @Test("a calendar that went back keeps nobody longer than the whole window")
    func calendarWentBack() throws {
        var before = RegistryWorld()
        let grant = try before.register(1, resume: 60)
        try before.report(.full, sessions: [RegistryWorld.claim(1, resume: 60, granted: grant)])
        try before.report(.change, left: [1])
        var world = before.restarted(after: .seconds(-1_000_000))
        world.pass(.seconds(61))
        #expect(failure { _ = try world.register(1, at: other, token: grant.clientToken) }?.retcode == 1401)
    }

    @Test("a client that was online when all was killed can resume: its window begins with the restart")
    func killed() throws {
        var before = RegistryWorld()
        let grant = try before.register(1, name: "bot", resume: 60)
        var world = before.restarted(after: .seconds(30))
        let later = EdgeAddress(edgeID: edge.edgeID, instance: "b")
        #expect(try world.register(1, at: later, token: grant.clientToken, resume: 60) == grant)
        #expect(world.replica.clients[grant.appID]?.clientName == "bot")
    }

    @Test("the answer to a registration was lost with the registry: asked again, it is the same")
    func answerLost() throws {
        var before = RegistryWorld()
        let grant = try before.register(1, name: "bot")
        var world = before.restarted()
        #expect(try world.register(1, name: "bot") == grant)
    }

    @Test("a leased port waits for its client also after a restart")
    func port() throws {
        var before = RegistryWorld(ports: 8100...8100)
        try before.report(.full)
        let offer = try before.leasePort()
        try before.bind(offer)
        var world = before.restarted()
        try world.report(.full)
        #expect(failure { _ = try world.leasePort() }?.retcode == 1503, "never the same port twice")
        #expect(try world.register(1, token: offer.token.text).appID == offer.appID)
    }

    @Test("a leased port whose client is there is found again in its edge's report")
    func connectedPort() throws {
        var before = RegistryWorld(ports: 8100...8100)
        try before.report(.full)
        let offer = try before.leasePort()
        try before.bind(offer)
        let grant = try before.register(1, token: offer.token.text)
        var world = before.restarted()
        try world.report(.full, sessions: [RegistryWorld.claim(1, token: grant.clientToken, granted: grant)])
        for _ in 0..<10 {
            world.pass(.seconds(5))
            try world.report(.renew)
        }
        #expect(world.replica.clients[grant.appID] != nil)
        #expect(failure { _ = try world.leasePort() }?.retcode == 1503)
        #expect(failure { _ = try world.register(2, token: grant.clientToken) }?.retcode == 1409)
    }

    @Test("a leased port of an edge that was restarted too is free")
    func portOfFormerRun() throws {
        var before = RegistryWorld(ports: 8100...8100)
        try before.report(.full)
        let offer = try before.leasePort()
        try before.bind(offer)
        var world = before.restarted()
        let later = EdgeAddress(edgeID: edge.edgeID, instance: "b")
        try world.report(.full, of: later)
        #expect(failure { _ = try world.register(1, at: later, token: offer.token.text) }?.retcode == 1401)
        #expect(try world.leasePort().port == 8100)
    }
}
