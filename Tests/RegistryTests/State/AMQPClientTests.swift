import Contracts
import OneBot
import Testing

@testable import Registry

@Suite("Clients that live on AMQP") struct AMQPClientTests {
    @Test("a program that registers is online for everybody, with transport amqp and no edge")
    func online() throws {
        var world = RegistryWorld()
        let lease = try world.registerClient(named: "bot")
        #expect(lease.leaseSeconds == 15)
        let seen = try #require(world.replica.clients[lease.grant.appID])
        #expect(seen.clientName == "bot")
        #expect(seen.transport == .amqp)
        #expect(seen.role == .universal)
        #expect(seen.edge == nil)
        #expect(seen.connectedAt == world.now.utcMilliseconds / 1000)
        #expect(seen.inboxKey == Exchanges.clientKey(lease.grant.appID))
        #expect(try world.state.snapshot().clients == [seen])
        #expect(try world.state.identify(.init(clientToken: lease.grant.clientToken)) == seen)
        #expect(try world.state.identify(.init(appID: lease.grant.appID)) == seen)
    }

    @Test("while it renews it stays; when it does not it lapses once, and its name is free")
    func lapses() throws {
        var world = RegistryWorld()
        let lease = try world.registerClient(named: "bot")
        for _ in 0..<5 {
            world.pass(.seconds(10))
            #expect(try world.renewClient(lease) == lease)
        }
        #expect(world.replica.clients[lease.grant.appID] != nil)
        world.pass(.seconds(16))
        #expect(world.replica.clients[lease.grant.appID] == nil)
        #expect(world.published.kinds == [.clientOnline, .clientOffline])
        #expect(failure { try world.renewClient(lease) }?.retcode == 1401)
        #expect(failure { _ = try world.state.identify(.init(clientToken: lease.grant.clientToken)) }?.retcode == 1401)
        #expect(try world.registerClient(named: "bot").grant.appID != lease.grant.appID)
    }

    @Test("its name is unique with those of all other clients, whichever door they came through")
    func uniqueNames() throws {
        var world = RegistryWorld()
        let lease = try world.registerClient(named: "bot")
        let session = try world.register(1)
        #expect(failure { try world.name(session.appID, "bot") }?.retcode == 1409)
        let refusal = failure { _ = try world.registerClient(named: "bot") }
        #expect(refusal?.retcode == 1409)
        #expect(refusal?.message.contains(lease.grant.appID) == true)
        try world.name(lease.grant.appID, "other")
        try world.name(session.appID, "bot")
        #expect(world.replica.clients[lease.grant.appID]?.clientName == "other")
        #expect(world.published.last?.edge == RegistryWorld.edge)
    }

    @Test("what can be no name is refused, and leaves nothing behind", arguments: ["", "  ", "a\nb"])
    func badName(_ name: String) throws {
        var world = RegistryWorld()
        #expect(failure { _ = try world.registerClient(named: name) }?.retcode == 1400)
        #expect(world.published.isEmpty)
        #expect(world.saved.isEmpty)
    }

    @Test("an edge that ends takes none of them along")
    func edgeEnds() throws {
        var world = RegistryWorld()
        try world.report(.full)
        let lease = try world.registerClient()
        try world.report(.down)
        #expect(world.replica.edges.isEmpty)
        #expect(world.replica.clients[lease.grant.appID] != nil)
    }

    @Test("a registry that starts again still knows them, and gives them one lease to renew")
    func restart() throws {
        var before = RegistryWorld()
        let (kept, lost) = (try before.registerClient(named: "kept"), try before.registerClient(named: "lost"))
        try before.name(kept.grant.appID, "renamed")
        let since = before.replica.clients[kept.grant.appID]?.connectedAt

        var world = before.restarted(after: .seconds(3600))
        #expect(try world.state.snapshot().clients.count == 2, "nobody is to take them for gone")
        #expect(world.replica.clients[kept.grant.appID]?.clientName == "renamed")
        #expect(world.replica.clients[kept.grant.appID]?.connectedAt == since)
        #expect(failure { _ = try world.registerClient(named: "renamed") }?.retcode == 1409)
        world.pass(.seconds(14))
        try world.renewClient(kept)
        world.pass(.seconds(2))
        #expect(world.replica.clients[kept.grant.appID] != nil)
        #expect(world.replica.clients[lost.grant.appID] == nil)
        #expect(world.restarted().replica.clients.count == 1, "what lapsed is not stored any more")
    }

    @Test("those that lapse together, and those that are known again, are one change")
    func batches() throws {
        var before = RegistryWorld()
        for _ in 0..<3 { try before.registerClient() }
        var world = before.restarted()
        #expect(world.published.kinds == [.clientOnline])
        #expect(world.replica.clients.count == 3)
        world.pass(.seconds(16))
        #expect(world.published.kinds == [.clientOnline, .clientOffline])
        #expect(world.replica.clients.isEmpty)
    }

    @Test("a client_token speaks at its own door only")
    func otherDoor() throws {
        var world = RegistryWorld()
        let lease = try world.registerClient()
        #expect(failure { _ = try world.register(1, token: lease.grant.clientToken) }?.retcode == 1409)
        #expect(failure { _ = try world.register(2, granted: lease.grant) }?.retcode == 1409)
        let session = RegistryAPI.ClientLease(grant: try world.register(3), leaseSeconds: 15)
        #expect(failure { try world.renewClient(session) }?.retcode == 1400)
    }

    @Test("there may be only so many")
    func bound() throws {
        var world = RegistryWorld()
        for _ in 0..<RegistryState.maxAMQPClients { _ = try world.registerClient() }
        let refusal = failure { _ = try world.registerClient() }
        #expect(refusal?.retcode == 1503)
        #expect(refusal?.reason.carriedOut == .no(retryAfter: .seconds(15)))
        world.pass(.seconds(16))
        #expect(throws: Never.self) { try world.registerClient() }
    }
}

extension RegistryWorld {
    @discardableResult
    mutating func registerClient(named name: String? = nil) throws -> RegistryAPI.ClientLease {
        let enrolment = try state.decide(
            RegistryAPI.RegisterClient(name: name), fresh: try newcomer(), at: now)
        saved.merge(enrolment.saves)
        carryOut(state.enrol(enrolment, at: now))
        return state.lease(of: enrolment.client)
    }

    @discardableResult
    mutating func renewClient(_ lease: RegistryAPI.ClientLease) throws -> RegistryAPI.ClientLease {
        try state.renew(RegistryAPI.RenewClient(clientToken: lease.grant.clientToken), at: now)
    }
}
