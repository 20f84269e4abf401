import Bus
import Contracts
import Foundation
import GRDB
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import Registry

@Suite(.timeLimit(.minutes(1))) struct RegistryServiceTests {
    @Test("a fresh registry is ready at once, lists who is online, and answers before it publishes")
    func online() async throws {
        let registry = RunningRegistry()
        try await registry.untilReady()
        let edge = try await registry.edge()
        try await edge.report(.full)
        try await eventually("the edge is up") { edge.presence.current.edges.contains(edge.address) }
        let grant = try await edge.registry.register(RegistryWorld.claim(1), at: edge.address)
        try await eventually("the client is online") { edge.presence.current.clients[grant.appID] != nil }
        #expect(edge.seen.inbox == ["edge.up", "answer", "client.online"])
        let snapshot = try await edge.registry.snapshot()
        #expect(snapshot.clients.map(\.appID) == [grant.appID])
        #expect(UUID(uuidString: grant.appID) != nil)
        #expect(grant.appID == grant.appID.lowercased())
        #expect(try await edge.registry.identify(.init(clientToken: grant.clientToken)).sessionID == 1)
        try await registry.stop()
        #expect(registry.service.readiness() != nil)
    }

    @Test("it says how far it is behind everything it has told anybody, so that who asked has all of it by then")
    func position() async throws {
        let registry = RunningRegistry()
        try await registry.untilReady()
        let edge = try await registry.edge()
        try await edge.report(.full)
        let asker = try await registry.edge("e2")
        for session in 1...50 as ClosedRange<UInt64> {
            let grant = try await edge.registry.register(RegistryWorld.claim(session), at: edge.address)
            try await edge.registry.setName("n\(session)", of: grant.appID)
            let position = try await asker.registry.position()
            let known = asker.presence.current
            #expect(known.position >= position)
            #expect(known.clients[grant.appID]?.clientName == "n\(session)")
        }
        try await registry.stop()
    }

    @Test("a program on AMQP is known again after a kill, with its name and token, and renews")
    func amqpClient() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }  // a temporary folder
        let database = folder.appending(path: "registry.sqlite").path
        let first = RunningRegistry(database)
        try await first.untilReady()
        let asker = try await first.edge("e0")
        let lease = try await asker.registry.registerClient(named: "bot")
        #expect(lease.leaseSeconds == 60)
        try await first.stop()

        let second = RunningRegistry(database)
        try await second.untilReady()
        let edge = try await second.edge()
        #expect(try await edge.registry.renewClient(lease.grant.clientToken) == lease)
        #expect(try await edge.registry.snapshot().clients.map(\.client) == [lease.grant.client])
        try await second.stop()
    }

    @Test("of two sessions that want one name at once exactly one gets it")
    func nameRace() async throws {
        let registry = RunningRegistry()
        try await registry.untilReady()
        let edge = try await registry.edge()
        var clients: [String] = []
        for session in 1...20 {
            clients.append(
                try await edge.registry.register(RegistryWorld.claim(UInt64(session)), at: edge.address).appID)
        }
        let won = await withTaskGroup { group in
            for appID in clients {
                group.addTask {
                    do throws(RPC.Failure) {
                        try await edge.registry.setName("the name", of: appID)
                        return true
                    } catch {
                        #expect(error.retcode == 1409)
                        return false
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(won == 1)
        #expect(try await edge.registry.snapshot().clients.count { $0.clientName == "the name" } == 1)
        try await registry.stop()
    }

    @Test(
        "what is no question is answered with a failure",
        arguments: [
            ("", 1400), ("{", 1400), ("[]", 1400), ("{\"method\":1}", 1400),
            ("{\"method\":\"no\",\"params\":{}}", 1404),
            ("{\"method\":\"register\",\"params\":{}}", 1400), ("{\"method\":\"register\"}", 1400),
            ("{\"method\":\"set_client_name\",\"params\":{\"appID\":1,\"name\":2}}", 1400),
            ("{\"method\":\"identify\",\"params\":[]}", 1400),
            ("{\"method\":\"register_client\",\"params\":{\"name\":1}}", 1400),
            ("{\"method\":\"renew_client\",\"params\":{}}", 1400),
        ])
    func malformed(_ question: String, _ retcode: Int) async throws {
        let registry = RunningRegistry()
        try await registry.untilReady()
        let edge = try await registry.edge()
        let answer = try await edge.ask(question)
        let failure = #expect(throws: RPC.Failure.self) { try RPC.decodeResult(RPC.Empty.self, from: answer) }
        #expect(failure?.retcode == retcode)
        #expect(try await edge.registry.snapshot().clients.isEmpty, "it goes on")
        try await registry.stop()
    }

    @Test("200 wishes for a port at once, a range of 10: ten get one each, the others hear why not")
    func manyWishes() async throws {
        let registry = RunningRegistry(ports: 8100...8109)
        try await registry.untilReady()
        let edge = try await registry.edge()
        try await edge.report(.full)
        let results = await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask { () -> Result<RegistryAPI.PortGrant, RPC.Failure> in
                    do throws(RPC.Failure) {
                        return .success(try await edge.registry.leasePort(.init()))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: [Result<RegistryAPI.PortGrant, RPC.Failure>]()) { $0.append($1) }
        }
        let grants = results.compactMap { try? $0.get() }  // the others are checked below
        #expect(Set(grants.map(\.port)) == Set(8100...8109))
        #expect(grants.count == 10)
        #expect(Set(grants.map(\.appID)).count == 10)
        for case .failure(let failure) in results {
            #expect(failure.retcode == 1503)
            #expect(failure.message.contains("edge.port_range"))
        }
        #expect(edge.seen.doubled == [])
        try await registry.stop()
    }

    @Test("200 clients one after another through a range of 10: every one is served, no port twice at a time")
    func turnover() async throws {
        let registry = RunningRegistry(ports: 8100...8109)
        try await registry.untilReady()
        let edge = try await registry.edge()
        try await edge.report(.full)
        try await withThrowingTaskGroup { group in
            for worker in 0..<10 {
                group.addTask {
                    for turn in 0..<20 {
                        let session = UInt64(worker * 1_000 + turn)
                        let grant = try await edge.registry.leasePort(.init())
                        let claim = RegistryWorld.claim(session, token: grant.clientToken)
                        let registered = try await edge.registry.register(claim, at: edge.address)
                        #expect(registered.appID == grant.appID)
                        try await edge.clientLeft(grant.port, appID: grant.appID, session: session, count: 0)
                        // The report goes through another queue than the next question: wait until it was taken.
                        try await eventually("the client is offline") {
                            try await !edge.registry.snapshot().clients.contains { $0.appID == grant.appID }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(edge.seen.doubled == [])
        #expect(edge.seen.mostOpen <= 10)
        #expect(edge.seen.open.isEmpty)
        try await registry.stop()
    }

    @Test("ports that cannot be bound are passed over, also to another edge")
    func unbindable() async throws {
        let registry = RunningRegistry(ports: 8100...8103)
        try await registry.untilReady()
        let (first, second) = (try await registry.edge("e1"), try await registry.edge("e2"))
        try await first.report(.full)
        first.refuse(Set(8100...8102))
        try await eventually("the edge is up") { first.presence.current.edges.count == 1 }
        #expect(try await first.registry.leasePort(.init()).port == 8103)
        let refusal = await #expect(throws: RPC.Failure.self) { _ = try await first.registry.leasePort(.init()) }
        #expect(refusal?.retcode == 1503)
        try await second.report(.full)
        try await eventually("both are up") { first.presence.current.edges.count == 2 }
        _ = try await first.registry.leasePort(.init())
        #expect(second.seen.open.count == 1)
        try await registry.stop()
    }

    @Test("a leased port nobody comes for is closed")
    func portExpires() async throws {
        let clock = RegistryClock()
        let registry = RunningRegistry(ports: 8100...8100, portExpiry: .seconds(15), clock: clock)
        try await registry.untilReady()
        let edge = try await registry.edge()
        try await edge.report(.full)
        let grant = try await edge.registry.leasePort(.init())
        #expect(edge.seen.open == [grant.port: grant.appID])
        try await clock.advance(by: .seconds(18))
        try await eventually("the port is closed") { edge.seen.open.isEmpty }
        let refusal = await #expect(throws: RPC.Failure.self) {
            _ = try await edge.registry.register(RegistryWorld.claim(1, token: grant.clientToken), at: edge.address)
        }
        #expect(refusal?.retcode == 1401)
        try await eventually("the port is free") { (try? await edge.registry.leasePort(.init())) != nil }
        try await registry.stop()
    }

    @Test("an edge that vanishes is gone after its lease, in one change")
    func edgeVanishes() async throws {
        let clock = RegistryClock()
        // The lease is short only because the registry looks for lapsed ones several times per lease: the test moves
        // its clock.
        let registry = RunningRegistry(lease: .milliseconds(80), clock: clock)
        try await registry.untilReady()
        let (vanishing, watching) = (try await registry.edge("e1"), try await registry.edge("e2"))
        try await watching.report(.full)
        try await vanishing.report(.full)
        for session in 1...3 {
            _ = try await vanishing.registry.register(RegistryWorld.claim(UInt64(session)), at: vanishing.address)
        }
        #expect(try await watching.registry.snapshot().clients.count == 3)
        await vanishing.disappear()
        for step in 1...8 {
            try await clock.advance(by: .milliseconds(20))
            // The other edge is alive, and renews. With the registry's answer it has everything that was published
            // before.
            try await watching.report(.renew)
            _ = try await watching.registry.snapshot()
            #expect(watching.seen.down == (step < 4 ? [] : [vanishing.address]), "at \(step) quarters of the lease")
        }
        #expect(watching.presence.current.clients.isEmpty)
        #expect(watching.presence.current.edges == [watching.address])
        #expect(!watching.seen.inbox.contains("client.offline"))
        try await registry.stop()
    }

    @Test("after a restart the registry asks every edge, waits for its report, and keeps what it promised")
    func restart() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("registry.sqlite")
        let before = RunningRegistry(path)
        try await before.untilReady()
        let edge = try await before.edge()
        try await edge.report(.full)
        let grant = try await edge.registry.register(RegistryWorld.claim(1, name: "bot", resume: 60), at: edge.address)
        let epoch = try await edge.registry.snapshot().registryEpoch
        try await before.stop()

        let after = RunningRegistry(path, broker: before.broker)
        try await eventually("the edge is asked") { edge.seen.reportsAsked > 0 }
        #expect(after.service.readiness()?.contains("e1") == true)
        let refusal = await #expect(throws: RPC.Failure.self) { _ = try await edge.registry.snapshot() }
        #expect(refusal?.retcode == 1503)
        try await edge.report(.full, sessions: [RegistryWorld.claim(1, resume: 60, granted: grant)])
        try await after.untilReady()
        let snapshot = try await edge.registry.snapshot()
        #expect(snapshot.registryEpoch > epoch)
        #expect(snapshot.clients.map(\.clientName) == ["bot"])
        try await after.stop()
    }

    @Test("a restarted process is ready at once: the new run of its edge takes the place of the old")
    func restartedProcess() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("registry.sqlite")
        let before = RunningRegistry(path)
        try await before.untilReady()
        let edge = try await before.edge()
        let grant = try await edge.registry.register(RegistryWorld.claim(1, name: "bot", resume: 60), at: edge.address)
        try await before.stop()

        let after = RunningRegistry(path)
        let later = try await after.edge(instance: "b")
        try await eventually("the registry takes questions") { after.service.readiness()?.contains("waits") ?? true }
        try await later.report(.full)
        try await after.untilReady()
        let claim = RegistryWorld.claim(1, token: grant.clientToken, resume: 60)
        #expect(try await later.registry.register(claim, at: later.address) == grant)
        try await after.stop()
    }

    @Test("while it cannot save it promises nothing and forgets nothing, serves what needs no promise, and recovers")
    func cannotSave() async throws {
        let folder = try TemporaryFolder()
        let registry = RunningRegistry(folder.file("registry.sqlite"), ports: 8100...8100)
        try await registry.untilReady()
        let edge = try await registry.edge()
        try await edge.report(.full)
        let first = try await edge.registry.register(RegistryWorld.claim(1), at: edge.address)
        try await edge.registry.setName("one", of: first.appID)
        let store = try #require(registry.store)
        try await store.database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 1") }

        let refusal = await #expect(throws: RPC.Failure.self) {
            try await edge.registry.setName("two", of: first.appID)
        }
        #expect(refusal?.retcode == 1503)
        #expect(refusal?.message.contains("cannot save") == true)
        await #expect(throws: RPC.Failure.self) { _ = try await edge.registry.leasePort(.init()) }
        await #expect(throws: RPC.Failure.self) {
            _ = try await edge.registry.register(RegistryWorld.claim(2, name: "two"), at: edge.address)
        }
        #expect(registry.service.readiness() != nil)
        let second = try await edge.registry.register(RegistryWorld.claim(3), at: edge.address)
        try await edge.registry.setName("one", of: first.appID)
        let snapshot = try await edge.registry.snapshot()
        #expect(Set(snapshot.clients.map(\.appID)) == [first.appID, second.appID])
        #expect(snapshot.clients.compactMap(\.clientName) == ["one"])
        try await eventually("the port it opened in vain is closed") { edge.seen.open.isEmpty }

        try await store.database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 0") }
        try await eventually("it recovers") {
            try await edge.report(.renew, count: 2)
            return registry.service.readiness() == nil
        }
        try await edge.registry.setName("two", of: first.appID)
        _ = try await edge.registry.leasePort(.init())
        try await registry.stop()
    }

    @Test("a database that cannot be opened ends the service with the reason")
    func cannotOpen() async throws {
        let folder = try TemporaryFolder()
        let registry = RunningRegistry(folder.path)
        let error = await #expect(throws: RegistryError.self) { try await registry.ended() }
        #expect(error == .cannotOpen(path: folder.path, reason: "it is a folder"))
        #expect(registry.service.readiness() != nil)
    }

    @Test("a second registry waits until the first has gone")
    func standby() async throws {
        let first = RunningRegistry()
        try await first.untilReady()
        let second = RunningRegistry(broker: first.broker, lease: .milliseconds(80))
        try await eventually("the second waits") { second.service.readiness()?.contains("Another registry") == true }
        try await first.stop()
        try await second.untilReady()
        try await second.stop()
    }

    @Test("stopping while ports are being opened leaves no one waiting")
    func stopsInTheMiddle() async throws {
        let registry = RunningRegistry(ports: 8100...8199)
        try await registry.untilReady()
        let edge = try await registry.edge()
        try await edge.report(.full)
        await withTaskGroup { group in
            for _ in 0..<50 {
                group.addTask { _ = try? await edge.registry.leasePort(.init()) }  // `try?`: it may fail or not
            }
            try? await registry.stop()  // checked below
            group.cancelAll()
        }
        #expect(registry.service.readiness() == "The registry has stopped.")
    }
}
