import Contracts
import OneBot
import Testing

@testable import Registry

@Suite struct NameTests {
    @Test("of two sessions that want one name the first gets it, the other hears whose it is")
    func race() throws {
        var world = RegistryWorld()
        let (first, second) = (try world.register(1), try world.register(2))
        try world.name(first.appID, "bot")
        let refusal = failure { try world.name(second.appID, "bot") }
        #expect(refusal?.retcode == 1409)
        #expect(refusal?.message.contains(first.appID) == true)
        #expect(world.replica.clients[first.appID]?.clientName == "bot")
        #expect(world.replica.clients[second.appID]?.clientName == nil)
    }

    @Test("setting one's own name again is fine, and no news")
    func again() throws {
        var world = RegistryWorld()
        let grant = try world.register(1)
        try world.name(grant.appID, "bot")
        let count = world.published.count
        try world.name(grant.appID, "bot")
        #expect(world.published.count == count)
        #expect(world.published.last?.kind == .clientRenamed)
    }

    @Test("a second name replaces the first, which is free then")
    func replaces() throws {
        var world = RegistryWorld()
        let (first, second) = (try world.register(1), try world.register(2))
        try world.name(first.appID, "one")
        try world.name(first.appID, "two")
        try world.name(second.appID, "one")
        #expect(world.replica.clients[first.appID]?.clientName == "two")
        #expect(world.replica.clients[second.appID]?.clientName == "one")
    }

    @Test("two names that look alike but differ in bytes are both allowed, and told apart everywhere")
    func normalForms() throws {
        var world = RegistryWorld()
        let (first, second) = (try world.register(1), try world.register(2))
        try world.name(first.appID, "caf\u{E9}")
        try world.name(second.appID, "cafe\u{301}")
        try world.name(first.appID, "x")
        try world.name(second.appID, "caf\u{E9}")
        #expect(world.replica.clients[second.appID]?.clientName?.utf8.count == 5)
        #expect(world.state.presence.holder(of: try ClientName("cafe\u{301}")) == nil)
    }

    @Test(
        "what can be no name is 1400 with a sentence",
        arguments: ["", "  ", "a\nb", String(repeating: "a", count: 257)])
    func bad(_ name: String) throws {
        var world = RegistryWorld()
        let grant = try world.register(1)
        let refusal = failure { try world.name(grant.appID, name) }
        #expect(refusal?.retcode == 1400)
        #expect(refusal?.message.hasSuffix(".") == true)
    }

    @Test("a client that is not online has no name to set")
    func offline() throws {
        var world = RegistryWorld()
        let grant = try world.register(1, resume: 60)
        try world.report(.full, sessions: [RegistryWorld.claim(1, granted: grant)])
        try world.report(.change, left: [1])
        #expect(failure { try world.name(grant.appID, "bot") }?.retcode == 1404)
        #expect(failure { try world.name("nobody", "bot") }?.retcode == 1404)
    }
}
