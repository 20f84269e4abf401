import Contracts
import OneBot
import Testing

@testable import Registry

@Suite struct PresenceTableTests {
    let edge = RegistryWorld.edge
    let other = RegistryWorld.other

    private func client(_ appID: String, session: UInt64 = 1, address: String = "192.0.2.1:1") -> OnlineClient {
        OnlineClient(
            appID: appID, clientName: nil, role: .universal, transport: .websocket, edge: edge, sessionID: session,
            selfID: nil, connectedAt: 1, remoteAddress: address)
    }

    @Test("a name is one client's until it is released")
    func names() throws {
        var table = PresenceTable(registryEpoch: 1)
        let name = try ClientName("one")
        #expect(table.give(name, to: "x", inPlaceOf: nil) == true)
        #expect(table.give(name, to: "y", inPlaceOf: nil) == false)
        #expect(table.give(name, to: "x", inPlaceOf: name) == true)
        table.release(name, of: "y")
        #expect(table.holder(of: name) == "x")
        table.release(name, of: "x")
        #expect(table.give(name, to: "y", inPlaceOf: nil) == true)
    }

    @Test("a new name frees the old one")
    func rename() throws {
        var table = PresenceTable(registryEpoch: 1)
        let (old, new) = (try ClientName("old"), try ClientName("new"))
        #expect(table.give(old, to: "x", inPlaceOf: nil) == true)
        #expect(table.give(new, to: "x", inPlaceOf: old) == true)
        #expect(table.holder(of: old) == nil)
        #expect(table.holder(of: new) == "x")
    }

    @Test("names that look alike and differ in their bytes are two names")
    func normalForms() throws {
        var table = PresenceTable(registryEpoch: 1)
        let (composed, decomposed) = (try ClientName("caf\u{E9}"), try ClientName("cafe\u{301}"))
        #expect(composed.text == decomposed.text, "String calls them equal: that is the trap")
        #expect(table.give(composed, to: "x", inPlaceOf: nil) == true)
        #expect(table.give(decomposed, to: "y", inPlaceOf: nil) == true)
        #expect(table.holder(of: composed) == "x")
        #expect(table.holder(of: decomposed) == "y")
    }

    @Test("the only client of an address is found, and not guessed where there are two")
    func addresses() throws {
        var table = PresenceTable(registryEpoch: 1)
        let host = try #require(HostAddress("::ffff:192.0.2.1"))
        table.join(client("x"))
        #expect(table.onlyClient(at: host)?.appID == "x")
        table.join(client("y", session: 2, address: "192.0.2.1:2"))
        #expect(table.onlyClient(at: host) == nil)
        _ = table.leave("x")
        #expect(table.onlyClient(at: host)?.appID == "y")
        _ = table.leave("y")
        #expect(table.onlyClient(at: host) == nil)
        #expect(table.count(at: edge) == 0)
    }

    @Test("of two edges with one bot the newer link counts")
    func newestLink() {
        var table = PresenceTable(registryEpoch: 1)
        table.enter(edge)
        table.enter(other)
        #expect(table.update(RegistryWorld.bot(1, at: edge, epoch: 5)) != nil)
        #expect(table.update(RegistryWorld.bot(1, at: other, epoch: 4)) == nil)
        #expect(table.update(RegistryWorld.bot(1, at: other, epoch: 6)) != nil)
        #expect(table.update(RegistryWorld.bot(1, at: edge, epoch: 5, online: false)) == nil, "it lost an older link")
        #expect(table.bots[SelfID(1)]?.edge == other)
        #expect(table.bots[SelfID(1)]?.isOnline == true)
    }

    @Test(
        "an edge that only knows a bot from its settings, or from an older link, says nothing about it while its edge lives"
    )
    func olderEpoch() {
        var table = PresenceTable(registryEpoch: 1)
        table.enter(edge)
        table.enter(other)
        _ = table.update(RegistryWorld.bot(1, at: edge, epoch: 50))
        _ = table.update(RegistryWorld.bot(1, at: edge, epoch: 50, online: false))
        #expect(table.update(RegistryWorld.bot(1, at: other, epoch: 0, online: false)) == nil)
        #expect(table.update(RegistryWorld.bot(1, at: other, epoch: 49)) == nil)
        #expect(table.bots[SelfID(1)]?.edge == edge)
        #expect(table.update(RegistryWorld.bot(1, at: other, epoch: 51)) != nil)
        #expect(table.bots[SelfID(1)]?.edge == other)
    }

    @Test("a bot whose edge went is taken by another, whatever the epoch")
    func edgeGone() {
        var table = PresenceTable(registryEpoch: 1)
        table.enter(edge)
        table.enter(other)
        _ = table.update(RegistryWorld.bot(1, at: edge, epoch: 50))
        #expect(table.loseBots(at: edge).map(\.selfID) == [SelfID(1)])
        table.remove(edge)
        #expect(table.update(RegistryWorld.bot(1, at: other, epoch: 4)) != nil)
        #expect(table.bots[SelfID(1)]?.isOnline == true)
    }

    @Test("the same report of a bot is no change")
    func unchanged() {
        var table = PresenceTable(registryEpoch: 1)
        #expect(table.update(RegistryWorld.bot(1)) != nil)
        #expect(table.update(RegistryWorld.bot(1)) == nil)
    }
}
