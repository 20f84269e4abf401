import Bus
import Contracts
import OneBot
import TestSupport
import Testing

@testable import Registry

@Suite("A registry that loses its queue, and the one that takes over", .timeLimit(.minutes(1)))
struct TakeoverTests {
    @Test("a registry whose connection was lost is at work again, with a higher epoch, and nobody went offline")
    func connectionLost() async throws {
        let registry = RunningRegistry()
        try await registry.untilReady()
        let folder = try TemporaryFolder()
        try await registry.stop()

        let lasting = RunningRegistry(folder.file("registry.sqlite"))
        try await lasting.untilReady()
        let edge = try await lasting.edge()
        try await edge.report(.full)
        let grant = try await edge.registry.register(RegistryWorld.claim(1, name: "bot"), at: edge.address)
        let before = try await edge.registry.snapshot().registryEpoch
        lasting.bus.lose()
        try await eventually("it is out of work") { lasting.service.readiness() != nil }
        let refusal = await #expect(throws: RPC.Failure.self) { _ = try await edge.registry.snapshot() }
        #expect(refusal?.retcode == 1503)
        lasting.bus.restore()
        try await eventually("the edge is asked") { edge.seen.reportsAsked > 0 }
        try await edge.report(.full, sessions: [RegistryWorld.claim(1, granted: grant)])
        try await lasting.untilReady()
        let snapshot = try await edge.registry.snapshot()
        #expect(snapshot.registryEpoch > before)
        #expect(snapshot.clients.map(\.clientName) == ["bot"])
        #expect(!edge.seen.inbox.contains("client.offline"))
        #expect(!edge.seen.inbox.contains("edge.down"))
        try await lasting.stop()
    }

    @Test("a queue that is deleted is made again")
    func queueDeleted() async throws {
        // A term that follows another one lists nobody until every edge has had time to report: one lease, at most 7 s.
        let registry = RunningRegistry(lease: .milliseconds(80))
        try await registry.untilReady()
        let edge = try await registry.edge()
        let before = try await edge.registry.snapshot().registryEpoch
        try await registry.broker.connect().delete(Exchanges().registryReportsQueue)
        try await eventually("it begins another term") {
            await (try? edge.registry.snapshot())?.registryEpoch ?? 0 > before  // `try?`: it is 1503 meanwhile
        }
        try await registry.stop()
    }

    @Test("a standby with a database of its own takes over, and lists nobody before every edge could report")
    func standbyTakesOver() async throws {
        let first = RunningRegistry()
        try await first.untilReady()
        let clock = RegistryClock()
        let second = RunningRegistry(broker: first.broker, lease: .milliseconds(80), clock: clock)
        try await eventually("the second waits") { second.service.readiness()?.contains("Another registry") == true }
        let edge = try await first.edge()
        try await edge.report(.full)
        let grant = try await edge.registry.register(RegistryWorld.claim(1), at: edge.address)
        let before = try await edge.registry.snapshot().registryEpoch
        first.bus.lose()
        try await eventually("the second takes over") {
            second.service.readiness()?.contains("taken over from another") == true
        }
        let refusal = await #expect(throws: RPC.Failure.self) { _ = try await edge.registry.snapshot() }
        #expect(refusal?.retcode == 1503)
        try await edge.report(.renew, count: 1)
        try await eventually("the edge is asked") { edge.seen.reportsAsked > 0 }
        try await edge.report(.full, sessions: [RegistryWorld.claim(1, granted: grant)])
        #expect(second.service.readiness() != nil, "others may not have reported yet")
        for _ in 1...4 {
            // The edge renews, as a living one does: its lease is only as long as the wait for the others.
            try await edge.report(.renew, count: 1)
            try await clock.advance(by: .milliseconds(20))
        }
        try await second.untilReady()
        let snapshot = try await edge.registry.snapshot()
        #expect(snapshot.registryEpoch > before)
        #expect(snapshot.clients.map(\.appID) == [grant.appID])
        first.bus.restore()
        try await eventually("the first waits") { first.service.readiness()?.contains("Another registry") == true }
        try await second.stop()
        try await first.stop()
    }

    @Test("a database the registry before has still open is waited for")
    func databaseLocked() async throws {
        let first = RunningRegistry()
        try await first.untilReady()
        let second = RunningRegistry(broker: first.broker, lease: .milliseconds(80), timesLocked: 1)
        try await eventually("the second waits") { second.service.readiness()?.contains("Another registry") == true }
        try await first.stop()
        try await eventually("it waits for the database") { second.service.readiness()?.contains("still has") == true }
        try await second.untilReady()
        try await second.stop()
    }

    @Test(
        "without another registry on the bus a locked database is another Perpetua's: the service ends with the reason")
    func databaseOfAnother() async throws {
        let registry = RunningRegistry(timesLocked: 1)
        await #expect(throws: RegistryError.locked(path: ":memory:")) { try await registry.ended() }
    }

    @Test("the epoch is higher than any stored, and with an empty database at least the time")
    func epochs() async throws {
        let folder = try TemporaryFolder()
        let store = try await RegistryStore.open(path: folder.file("registry.sqlite"))
        #expect(try await store.begin(utcMilliseconds: 5_000).registryEpoch == 5_000)
        #expect(try await store.begin(utcMilliseconds: 4_000).registryEpoch == 5_001)
        await store.close()
        let other = try await RegistryStore.open(path: ":memory:")
        #expect(try await other.begin(utcMilliseconds: 6_000).registryEpoch == 6_000)
        await other.close()
    }

    // MARK: What is decided

    @Test("while the bus is away, and for one lease after, no edge, name or port lapses")
    func outage() throws {
        var world = RegistryWorld(lease: .seconds(15), portExpiry: .seconds(15), ports: 8100...8109)
        try world.report(.full)
        try world.bind(try world.leasePort())
        for _ in 0..<60 {
            world.state.leases.hold(at: world.now.uptime)
            world.pass(.seconds(1))
        }
        world.pass(.seconds(12))
        #expect(!world.published.kinds.contains(.edgeDown))
        #expect(!world.requests.contains { if case .closePort = $0 { true } else { false } })
        world.pass(.seconds(5))
        #expect(world.published.kinds.contains(.edgeDown))
    }

    @Test("an outage between two looks is remembered until the next")
    func inputs() {
        let inputs = RegistryInputs()
        #expect(inputs.tickTaken() == false)
        inputs.bus(isAway: true)
        inputs.bus(isAway: false)
        #expect(inputs.tickTaken() == true)
        #expect(inputs.tickTaken() == false)
        inputs.bus(isAway: true)
        #expect(inputs.tickTaken() == true)
        #expect(inputs.tickTaken() == true)
    }

    /// The claim of a session that came online at `since`, and was given that name.
    private func claim(_ session: UInt64, since: Int64, app: String, name: String?) -> SessionClaim {
        var claim = RegistryWorld.claim(
            session, granted: SessionGrant(appID: app, clientToken: "token-of-\(app)", clientName: name))
        claim.connectedAt = since
        return claim
    }

    private func tookOver() throws -> RegistryWorld {
        var world = RegistryWorld()
        let nothing = RegistryStore.Stored(registryEpoch: 8)
        world.carryOut(world.state.recover(nothing, followsAnother: true, at: world.now))
        return world
    }

    @Test(
        "of two holders of a name the earlier keeps it, whoever is reported first; the other is told",
        arguments: [true, false])
    func twoHolders(earlierIsFirst: Bool) throws {
        var world = try tookOver()
        let early = claim(1, since: 100, app: "early", name: "x")
        let late = claim(2, since: 200, app: "late", name: "x")
        try world.report(.full, of: RegistryWorld.edge, sessions: [earlierIsFirst ? early : late])
        try world.report(.full, of: RegistryWorld.other, sessions: [earlierIsFirst ? late : early])
        #expect(world.state.presence.clients["early"]?.clientName == "x")
        #expect(world.state.presence.clients["late"] != nil)
        #expect(world.state.presence.clients["late"]?.clientName == nil)
        #expect(world.replica.clients["early"]?.clientName == "x")
        #expect(world.replica.clients["late"]?.clientName == nil)
        #expect(world.published.kinds.contains(.clientRenamed) == !earlierIsFirst)
        #expect(failure { try world.name("late", "x") }?.retcode == 1409)
        // The next registry reads the same from the database.
        guard case .put(let record) = world.saved.clients["early"] else {
            Issue.record("The holder of the name is not stored.")
            return
        }
        #expect(record.clientName == "x")
        #expect(world.saved.clients["late"] == (earlierIsFirst ? nil : .gone))
    }

    @Test("once it has settled, who has a name keeps it, whatever an edge that returns says")
    func settled() throws {
        var world = try tookOver()
        try world.report(.full, of: RegistryWorld.edge, sessions: [claim(1, since: 200, app: "late", name: "x")])
        #expect(world.state.whatIsAwaited != nil)
        for _ in 0..<8 {
            world.pass(.seconds(1))
            try world.report(.renew, of: RegistryWorld.edge)
        }
        #expect(world.state.whatIsAwaited == nil)
        try world.report(.full, of: RegistryWorld.other, sessions: [claim(2, since: 100, app: "early", name: "x")])
        #expect(world.state.presence.clients["late"]?.clientName == "x")
        #expect(world.state.presence.clients["early"]?.clientName == nil)
    }
}
