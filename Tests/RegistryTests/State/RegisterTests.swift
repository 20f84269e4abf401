import Contracts
import OneBot
import Testing

@testable import Registry

@Suite struct RegisterTests {
    let edge = RegistryWorld.edge
    let other = RegistryWorld.other

    @Test("a session that presents nothing becomes somebody new, and others hear of it after its edge")
    func new() throws {
        var world = RegistryWorld()
        let grant = try world.register(1)
        #expect(grant.clientName == nil)
        #expect(world.published.kinds == [.edgeUp, .clientOnline])
        #expect(world.published.map(\.sequence) == [1, 2])
        #expect(world.published.last?.clients.first?.appID == grant.appID)
        #expect(world.saved.clients.isEmpty, "nothing to keep: nothing to write")
    }

    @Test("the same question again has the same answer, and nobody hears of it twice")
    func repeated() throws {
        var world = RegistryWorld()
        let grant = try world.register(1)
        let count = world.published.count
        #expect(try world.register(1) == grant)
        #expect(try world.register(2) != grant)
        #expect(world.published.count == count + 1)
    }

    @Test("an identity that somebody has is nobody else's: neither by a connection, nor a leased port, nor on AMQP")
    func oneIdentity() throws {
        var world = RegistryWorld()
        let first = try world.newcomer()
        func register(_ fresh: KnownClient, _ session: UInt64) throws -> RPC.Failure? {
            switch world.state.decide(RegistryWorld.claim(session), at: edge, fresh: fresh, now: world.now) {
            case .refused(let failure): return failure
            case .admitted(let admission):
                world.carryOut(world.state.admit(admission, at: world.now))
                return nil
            case .repeated, .superseded:
                Issue.record("neither let in nor refused")
                return nil
            }
        }
        try world.report(.full)
        #expect(try register(first, 1) == nil)
        #expect(try register(first, 2)?.retcode == 1503, "the app_id and the token are taken")
        let token = try world.newcomer().token
        let namesake = KnownClient(appID: first.appID, token: token, state: .leased)
        #expect(try register(namesake, 3)?.retcode == 1503, "the app_id is taken")
        #expect(
            failure { _ = try world.state.offer(.init(), failures: [:], to: namesake, at: world.now) }?.retcode == 1503)
        #expect(
            failure { _ = try world.state.decide(.init(name: nil), fresh: namesake, at: world.now) }?.retcode == 1503)
        let leased = try world.leasePort()
        let lessee = KnownClient(appID: leased.appID, token: token, state: .leased)
        #expect(try register(lessee, 4)?.retcode == 1503, "a port is being opened for it")
        #expect(world.online(at: edge) == 1)
    }

    @Test("sessions of two edges with one number are two")
    func numbers() throws {
        var world = RegistryWorld()
        #expect(try world.register(1, at: edge) != world.register(1, at: other))
    }

    @Test("a name it asks for is its own if it is free, else 1409")
    func name() throws {
        var world = RegistryWorld()
        let grant = try world.register(1, name: "bot")
        #expect(grant.clientName == "bot")
        let refusal = failure { _ = try world.register(2, name: "bot") }
        #expect(refusal?.retcode == 1409)
        #expect(refusal?.message.contains(grant.appID) == true)
        #expect(failure { _ = try world.register(2, name: "\n") }?.retcode == 1400)
        #expect(world.online(at: edge) == 1)
    }

    @Test("an unknown token is refused, not taken for a new client")
    func unknownToken() throws {
        var world = RegistryWorld()
        #expect(failure { _ = try world.register(1, token: "nobody's") }?.retcode == 1401)
        #expect(failure { _ = try world.register(1, token: String(repeating: "x", count: 10_000)) }?.retcode == 1401)
        #expect(world.online(at: edge) == 0)
    }

    @Test("an empty token is none")
    func emptyToken() throws {
        var world = RegistryWorld()
        _ = try world.register(1, token: "")
        #expect(world.online(at: edge) == 1)
    }

    @Test("within its window a client resumes: app_id, token and name are the same")
    func resumes() throws {
        var world = RegistryWorld()
        let grant = try world.register(1, name: "bot", resume: 60)
        try world.report(.full, sessions: [RegistryWorld.claim(1, resume: 60, granted: grant)])
        try world.report(.change, left: [1])
        #expect(world.replica.clients.isEmpty)
        world.pass(.seconds(10))
        #expect(failure { _ = try world.register(2, name: "bot") }?.retcode == 1409, "kept for whom it belongs to")
        #expect(try world.register(3, at: other, token: grant.clientToken, resume: 60) == grant)
        #expect(world.replica.clients[grant.appID]?.clientName == "bot")
        #expect(world.replica.clients[grant.appID]?.edge == other)
    }

    @Test("after its window it is nobody: token and name are gone")
    func windowPassed() throws {
        var world = RegistryWorld(lease: .seconds(600))
        let grant = try world.register(1, name: "bot", resume: 60)
        try world.report(.full, sessions: [RegistryWorld.claim(1, granted: grant)])
        try world.report(.change, left: [1])
        world.pass(.seconds(59))
        #expect(failure { _ = try world.register(2, name: "bot") }?.retcode == 1409)
        world.pass(.seconds(1))
        #expect(failure { _ = try world.register(2, token: grant.clientToken) }?.retcode == 1401)
        #expect(try world.register(2, name: "bot").clientName == "bot")
        #expect(world.saved.clients[grant.appID] == .gone)
    }

    @Test("a client that did not ask to be kept is gone when it leaves")
    func notKept() throws {
        var world = RegistryWorld()
        let grant = try world.register(1, name: "bot")
        try world.report(.full, sessions: [RegistryWorld.claim(1, granted: grant)])
        try world.report(.change, left: [1])
        #expect(failure { _ = try world.register(2, token: grant.clientToken) }?.retcode == 1401)
        #expect(try world.register(2, name: "bot").clientName == "bot")
    }

    @Test("a window longer than a day is a day; a negative one is none")
    func longWindow() throws {
        var world = RegistryWorld(lease: .seconds(200_000))
        let long = try world.register(1, resume: .max)
        let negative = try world.register(2, resume: -1)
        try world.report(.full)
        world.pass(.seconds(3))
        try world.report(.full)
        #expect(world.state.clients[negative.appID] == nil)
        guard case .kept(let until) = world.state.clients[long.appID]?.state else {
            Issue.record("\(String(describing: world.state.clients[long.appID]))")
            return
        }
        #expect(until == world.now.uptime + .seconds(86_400))
    }

    @Test("a client that comes again takes the place of its older session, which is closed")
    func takesPlace() throws {
        var world = RegistryWorld()
        let grant = try world.register(1, at: edge, name: "bot", resume: 60)
        world.published = []
        #expect(try world.register(1, at: other, token: grant.clientToken, resume: 60) == grant)
        #expect(world.published.kinds == [.edgeUp, .clientOffline, .clientOnline])
        #expect(world.replica.clients[grant.appID]?.edge == other)
        #expect(
            world.requests.contains {
                if case .disconnect(edge, session: 1, reason: _) = $0 { true } else { false }
            })
        // Later reports of the old edge about the client are ignored.
        try world.report(.full, of: edge, sessions: [RegistryWorld.claim(1, resume: 60, granted: grant)])
        #expect(world.replica.clients[grant.appID]?.edge == other)
        try world.report(.change, of: edge, left: [1], count: 0)
        #expect(world.replica.clients[grant.appID]?.edge == other)
        #expect(world.state.presence.holder(of: try ClientName("bot")) == grant.appID)
    }

    @Test("the older session asking again does not take the place back")
    func doesNotTakeBack() throws {
        var world = RegistryWorld()
        let grant = try world.register(1, at: edge, resume: 60)
        _ = try world.register(1, at: other, token: grant.clientToken, resume: 60)
        #expect(failure { _ = try world.register(1, at: edge, token: grant.clientToken, resume: 60) }?.retcode == 1409)
        #expect(world.replica.clients[grant.appID]?.edge == other)
    }

    @Test("a session that left before its question came makes no ghost")
    func leftFirst() throws {
        var world = RegistryWorld()
        try world.report(.full)
        try world.report(.change, left: [1], count: 0)
        #expect(failure { _ = try world.register(1) }?.retcode == 1404)
        #expect(world.online(at: edge) == 0)
    }

    @Test("an edge that was replaced or has ended registers nobody")
    func endedEdge() throws {
        var world = RegistryWorld()
        _ = try world.register(1)
        let later = EdgeAddress(edgeID: edge.edgeID, instance: "b")
        _ = try world.register(1, at: later)
        #expect(failure { _ = try world.register(2, at: edge) }?.retcode == 1503)
        try world.report(.down, of: later)
        #expect(failure { _ = try world.register(2, at: later) }?.retcode == 1503)
    }

    @Test(
        "an edge whose address can be none registers nobody",
        arguments: ["", "a.b", "*", String(repeating: "e", count: 49)])
    func badEdge(_ word: String) {
        var world = RegistryWorld()
        #expect(throws: RPC.Failure.self) { try world.register(1, at: EdgeAddress(edgeID: word, instance: "a")) }
        #expect(throws: RPC.Failure.self) { try world.register(1, at: EdgeAddress(edgeID: "e", instance: word)) }
        #expect(world.published.isEmpty)
    }
}
