import Contracts
import OneBot
import Testing

@testable import WSEdge

@Suite("What a session may do when")
struct ClientSessionStateTests {
    let grant = SessionGrant(appID: "a", clientToken: "t")
    let bot = SelfID(1)
    let other = SelfID(2)

    @Test("the lifecycle waits for registration and for a bot, in either order")
    func opens() {
        var first = ClientSessionState(role: .universal, binding: .defaultBot)
        #expect(first.registered(grant) == .wait)
        #expect(first.readsActions, "actions are read before a bot is known")
        #expect(first.known(bot, isDefault: true) == .open)
        var second = ClientSessionState(role: .event, binding: .defaultBot)
        #expect(second.known(bot, isDefault: true) == .wait)
        #expect(!second.readsActions)
        #expect(second.registered(grant) == .open)
        #expect(second.audience == .bot(bot))
    }

    @Test("it opens once: neither a second bot nor a late grant opens it again")
    func once() {
        var state = ClientSessionState(role: .universal, binding: .defaultBot)
        _ = state.known(bot, isDefault: true)
        #expect(state.registered(nil) == .open)
        #expect(state.registered(grant) == .wait)
        #expect(state.known(other, isDefault: true) == .wait)
        #expect(state.bot == bot)
        #expect(state.grant == grant)
    }

    @Test("a session for one bot waits for that one")
    func bound() {
        var state = ClientSessionState(role: .universal, binding: .bot(other))
        _ = state.registered(grant)
        #expect(state.known(bot, isDefault: true) == .wait)
        #expect(state.audience == .bot(other))
        #expect(state.known(other, isDefault: false) == .open)
    }

    @Test("a session without a choice waits for the default bot")
    func defaultBot() {
        var state = ClientSessionState(role: .universal, binding: .defaultBot)
        _ = state.registered(grant)
        #expect(state.known(other, isDefault: false) == .wait)
        #expect(state.audience == .unbound)
    }

    @Test("an API client is open once it is registered, and hears no events")
    func api() {
        var state = ClientSessionState(role: .api, binding: .defaultBot)
        #expect(state.registered(nil) == .open)
        #expect(state.audience == .none)
    }

    @Test("who follows every bot speaks with the default one's self_id")
    func everyBot() {
        var state = ClientSessionState(role: .universal, binding: .everyBot)
        _ = state.registered(grant)
        #expect(state.known(other, isDefault: false) == .wait)
        #expect(state.known(bot, isDefault: true) == .open)
        #expect(state.audience == .everyBot)
    }

    @Test("a draining session reads nothing more")
    func drains() {
        var state = ClientSessionState(role: .universal, binding: .defaultBot)
        _ = state.registered(grant)
        state.drain()
        #expect(!state.readsActions)
        #expect(state.end() == true)
        #expect(state.end() == false)
    }
}
