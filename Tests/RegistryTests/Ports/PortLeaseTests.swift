import Testing

@testable import Registry

@Suite struct PortLeaseTests {
    let session = SessionKey(edge: RegistryWorld.edge, sessionID: 1)
    let second = SessionKey(edge: RegistryWorld.edge, sessionID: 2)

    private func lease() throws -> PortLease {
        PortLease(appID: "x", token: try #require(ClientToken("t")), edge: RegistryWorld.edge, port: 8100)
    }

    @Test("it is for one client, and not before it is bound")
    func oneClient() throws {
        var lease = try lease()
        #expect(lease.connect(session) == false)
        #expect(lease.bound(to: 8100, until: .seconds(10)) == true)
        #expect(lease.bound(to: 8100, until: .seconds(10)) == false)
        #expect(lease.connect(session) == true)
        #expect(lease.connect(session) == true)
        #expect(lease.connect(second) == false)
    }

    @Test("nobody came in time: it is overdue, and its edge is asked to close it until it has")
    func overdue() throws {
        var lease = try lease()
        _ = lease.bound(to: 8100, until: .seconds(10))
        #expect(!lease.isOverdue(at: .seconds(9)))
        #expect(lease.isOverdue(at: .seconds(10)))
        #expect(lease.close(at: .seconds(10)) == true)
        #expect(lease.close(at: .seconds(11)) == false)
        #expect(lease.close(at: .seconds(10) + PortLease.closeInterval) == true)
        #expect(lease.connect(session) == false)
        #expect(!lease.isOverdue(at: .seconds(100)))
    }

    @Test("one that has its client is never overdue")
    func connected() throws {
        var lease = try lease()
        _ = lease.bound(to: 8100, until: .seconds(10))
        _ = lease.connect(session)
        #expect(!lease.isOverdue(at: .seconds(1_000)))
    }
}
