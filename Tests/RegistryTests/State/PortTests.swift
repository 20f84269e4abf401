import Contracts
import OneBot
import Testing

@testable import Registry

@Suite struct PortTests {
    let edge = RegistryWorld.edge
    let other = RegistryWorld.other

    /// A world with one ready edge.
    private func ready(ports: ClosedRange<Int>? = 8100...8102, expiry: Duration = .seconds(15)) throws -> RegistryWorld
    {
        var world = RegistryWorld(lease: .seconds(600), portExpiry: expiry, ports: ports)
        try world.report(.full)
        return world
    }

    private func closings(_ world: RegistryWorld) -> [EdgeAPI.ClosePort] {
        world.requests.compactMap { if case .closePort(_, let port) = $0 { port } else { nil } }
    }

    @Test("a port is written before it is promised, and its client becomes who was promised")
    func leased() throws {
        var world = try ready()
        let offer = try world.leasePort()
        #expect(world.saved.ports.isEmpty)
        try world.bind(offer)
        #expect(world.saved.ports[offer.appID] != nil)
        let grant = try world.register(1, token: offer.token.text)
        #expect(grant.appID == offer.appID)
        #expect(grant.clientToken == offer.token.text)
        world.pass(.seconds(60))
        #expect(world.replica.clients[offer.appID] != nil)
    }

    @Test("the token of a port that is not bound yet speaks for nobody")
    func notYet() throws {
        var world = try ready()
        let offer = try world.leasePort()
        #expect(failure { _ = try world.register(1, token: offer.token.text) }?.retcode == 1401)
    }

    @Test("a second session on a leased port is 1409 while the first is there")
    func second() throws {
        var world = try ready()
        let offer = try world.leasePort()
        try world.bind(offer)
        _ = try world.register(1, token: offer.token.text)
        #expect(failure { _ = try world.register(2, token: offer.token.text) }?.retcode == 1409)
        #expect(try world.register(1, token: offer.token.text).appID == offer.appID)
    }

    @Test("nobody comes in time: the listener is closed, the token void, and the port free once the edge says so")
    func expires() throws {
        var world = try ready(ports: 8100...8100)
        let offer = try world.leasePort()
        try world.bind(offer)
        world.pass(.seconds(15))
        #expect(closings(world).isEmpty, "a grace for who came in the last moment")
        world.pass(RegistryState.portGrace)
        #expect(closings(world) == [EdgeAPI.ClosePort(port: 8100, appID: offer.appID)])
        #expect(failure { _ = try world.register(1, token: offer.token.text) }?.retcode == 1401)
        #expect(failure { _ = try world.leasePort() }?.retcode == 1503)
        world.pass(PortLease.closeInterval)
        #expect(closings(world).count == 2, "asked again until it answers")
        world.state.closed(offer.appID)
        #expect(try world.leasePort().port == 8100)
        #expect(world.saved.ports[offer.appID] == .gone)
    }

    @Test(
        "an edge that closes a port nobody came to has it free at once, and that counts as lapsed; one that stops does not"
    )
    func closedInTime() throws {
        for wait in [Duration.seconds(15), .seconds(3)] {
            var world = try ready(ports: 8100...8100)
            let offer = try world.leasePort()
            try world.bind(offer)
            world.pass(wait)
            try world.report(.change, closed: [EdgeAPI.ClosePort(port: 8100, appID: offer.appID)])
            #expect(world.lapsedPorts == (wait == .seconds(15) ? 1 : 0))
            #expect(try world.leasePort().port == 8100)
        }
    }

    @Test("a port is free when its client leaves")
    func leaves() throws {
        var world = try ready(ports: 8100...8100)
        let offer = try world.leasePort()
        try world.bind(offer)
        let grant = try world.register(1, token: offer.token.text)
        try world.report(.change, left: [1], closed: [EdgeAPI.ClosePort(port: 8100, appID: grant.appID)])
        #expect(closings(world).isEmpty)
        #expect(try world.leasePort().port == 8100)
        #expect(failure { _ = try world.register(2, token: grant.clientToken) }?.retcode == 1401)
    }

    @Test("a client that left without its listener closing, having come by another port, has it closed")
    func unusedListener() throws {
        var world = try ready(ports: 8100...8100)
        let offer = try world.leasePort()
        try world.bind(offer)
        _ = try world.register(1, token: offer.token.text)
        try world.report(.change, left: [1])
        #expect(closings(world) == [EdgeAPI.ClosePort(port: 8100, appID: offer.appID)])
    }

    @Test("a client that resumes keeps its token; the port is free all the same")
    func resumable() throws {
        var world = try ready(ports: 8100...8100)
        let offer = try world.leasePort()
        try world.bind(offer)
        let grant = try world.register(1, token: offer.token.text, resume: 60)
        try world.report(.change, left: [1])
        #expect(try world.leasePort().port == 8100)
        #expect(try world.register(2, token: grant.clientToken, resume: 60) == grant)
    }

    @Test("a late word that a port closed does not end the lease of who has it now")
    func lateClosing() throws {
        var world = try ready(ports: 8100...8100)
        let first = try world.leasePort()
        try world.bind(first)
        _ = try world.register(1, token: first.token.text)
        try world.report(.change, left: [1])
        let second = try world.leasePort()
        try world.bind(second)
        try world.report(.change, closed: [EdgeAPI.ClosePort(port: 8100, appID: first.appID)])
        #expect(try world.register(2, token: second.token.text).appID == second.appID)
    }

    @Test("a listener that closed by itself gives its port back")
    func closedAtEdge() throws {
        var world = try ready(ports: 8100...8100)
        let offer = try world.leasePort()
        try world.bind(offer)
        try world.report(.change, closed: [EdgeAPI.ClosePort(port: 8100, appID: offer.appID)])
        #expect(failure { _ = try world.register(1, token: offer.token.text) }?.retcode == 1401)
        #expect(try world.leasePort().port == 8100)
    }

    @Test("an exhausted range is 1503 and says what to do")
    func exhausted() throws {
        var world = try ready()
        let offers = try (1...3).map { _ in try world.leasePort() }
        #expect(Set(offers.map(\.port)) == [8100, 8101, 8102])
        let refusal = failure { _ = try world.leasePort() }
        #expect(refusal?.retcode == 1503)
        #expect(refusal?.message.contains("edge.port_range") == true)
        #expect(refusal?.reason.carriedOut?.retryAfter != nil)
    }

    @Test("a port that could not be bound is closed to be sure, and the next is tried")
    func notBound() throws {
        var world = try ready()
        let first = try world.leasePort()
        world.carryOut(world.state.giveUp(first.appID, at: world.now))
        #expect(closings(world) == [EdgeAPI.ClosePort(port: 8100, appID: first.appID)])
        world.state.closed(first.appID)
        #expect(try (1...2).map { _ in try world.leasePort().port } == [8101, 8102])
        #expect(failure { _ = try world.leasePort() }?.message.contains("1 of them by other programs") == true)
    }

    @Test("the edge with the fewest clients is chosen, counting those to come")
    func spread() throws {
        var world = try ready()
        try world.report(.full, of: other)
        _ = try world.register(1, at: edge)
        let offers = try (1...3).map { _ in try world.leasePort() }
        #expect(offers.map(\.edge) == [other, edge, other])
        #expect(try world.leasePort(edgeID: edge.edgeID).edge == edge)
    }

    @Test("an unknown edge or bot is 1404; one that is draining, or none at all, 1503")
    func unknown() throws {
        var world = try ready()
        #expect(failure { _ = try world.leasePort(edgeID: "e9") }?.retcode == 1404)
        #expect(failure { _ = try world.leasePort(selfID: SelfID(1)) }?.retcode == 1404)
        try world.report(.change, bots: [RegistryWorld.bot(1, online: false)])
        _ = try world.leasePort(selfID: SelfID(1))
        try world.report(.renew, ready: false)
        #expect(failure { _ = try world.leasePort() }?.retcode == 1503)
        #expect(failure { _ = try world.leasePort(edgeID: edge.edgeID) }?.retcode == 1503)
    }

    @Test("ports go with their edge, also those being bound")
    func edgeGone() throws {
        var world = try ready()
        let (bound, binding) = (try world.leasePort(), try world.leasePort())
        try world.bind(bound)
        try world.report(.down)
        #expect(throws: RPC.Failure.self) { try world.bind(binding) }
        let later = EdgeAddress(edgeID: edge.edgeID, instance: "b")
        try world.report(.full, of: later)
        #expect(failure { _ = try world.register(1, at: later, token: bound.token.text) }?.retcode == 1401)
        #expect(world.saved.ports[bound.appID] == .gone)
        #expect(try (1...3).map { _ in try world.leasePort().port }.count == 3)
    }

    @Test("the system gives a port that we thought open: the older lease ends")
    func systemReuses() throws {
        var world = try ready(ports: nil)
        let (first, second) = (try world.leasePort(), try world.leasePort())
        try world.bind(first, to: 40_000)
        try world.bind(second, to: 40_000)
        #expect(failure { _ = try world.register(1, token: first.token.text) }?.retcode == 1401)
        #expect(try world.register(2, token: second.token.text).appID == second.appID)
    }

    @Test("in shared mode leases share a port, and the token tells them apart")
    func shared() throws {
        var world = RegistryWorld(lease: .seconds(600), ports: 8100...8100, mode: .shared)
        try world.report(.full)
        let offers = try (1...3).map { _ in try world.leasePort() }
        #expect(offers.allSatisfy { $0.port == nil })
        for offer in offers { try world.bind(offer, to: 6700) }
        for (index, offer) in offers.enumerated() {
            #expect(try world.register(UInt64(index), token: offer.token.text).appID == offer.appID)
        }
    }
}
