import Actions
import NIOCore
import NIOHTTP1
import OneBot
import SettingsReading
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("What a token lets a connection be")
struct ClientUpgradeScopeTests {
    private let tokens = AccessTokens(
        Settings(
            file: (
                "t.yaml",
                """
                tokens:
                  - {name: all, token: all}
                  - {name: pair, token: pair, self_ids: [2, 3]}
                  - {name: deaf, token: deaf, events: false}
                """
            )))

    private func upgrade(
        _ token: String, _ path: String = "/", selfID: String? = nil, defaultBot: Int64? = nil
    ) throws -> ClientUpgrade {
        let query = selfID.map { [(name: "self_id", value: $0)] } ?? []
        let request = UpgradeRequest(
            path: path, query: query, headers: ["Authorization": token], remoteAddress: "127.0.0.1:1")
        var upgrade = try ClientUpgrade(request, tokens: tokens)
        try upgrade.confineToScope(defaultBot: defaultBot.map { SelfID($0) })
        return upgrade
    }

    @Test("without a bot named it is the default one where that is in the scope, else the first the token lists")
    func standard() throws {
        #expect(try upgrade("pair", defaultBot: 3).binding == .bot(SelfID(3)))
        #expect(try upgrade("pair", defaultBot: 1).binding == .bot(SelfID(2)))
        #expect(try upgrade("pair").binding == .bot(SelfID(2)))
        #expect(try upgrade("all", defaultBot: 1).binding == .defaultBot)
    }

    @Test("a bot named must be in the scope; every bot is every one in it")
    func named() throws {
        #expect(try upgrade("pair", selfID: "3").binding == .bot(SelfID(3)))
        #expect(try upgrade("pair", selfID: "*").binding == .bots([SelfID(2), SelfID(3)]))
        #expect(try upgrade("all", selfID: "*").binding == .everyBot)
        let refusal = #expect(throws: ClientUpgrade.Refusal.self) { try upgrade("pair", selfID: "1") }
        #expect(refusal?.status == .forbidden)
        #expect(refusal?.message.contains("“pair” is not for bot 1, but for 2, 3") == true)
    }

    @Test("without events a universal client is one for actions, and /event is refused")
    func events() throws {
        #expect(try upgrade("deaf").role == .api)
        #expect(try upgrade("deaf", "/api").role == .api)
        #expect(try upgrade("all").role == .universal)
        let refusal = #expect(throws: ClientUpgrade.Refusal.self) { try upgrade("deaf", "/event") }
        #expect(refusal?.status == .forbidden)
    }

    @Test("a session for some bots opens with the first of them that is known, and hears these only")
    func session() {
        var state = ClientSessionState(role: .universal, binding: .bots([SelfID(2), SelfID(3)]))
        _ = state.registered(nil)
        #expect(state.known(SelfID(1), isDefault: true) == .wait)
        #expect(state.known(SelfID(3), isDefault: false) == .open)
        #expect(state.bot == SelfID(3))
        #expect(state.audience == .someBots([SelfID(2), SelfID(3)]))
    }

    @Test("events of some bots go to those who follow them together, and to nobody once they left")
    func hub() {
        final class Member {}
        var hub = HubState<Member>()
        let (some, all) = (Member(), Member())
        hub.add(some, id: 1, to: .someBots([SelfID(2), SelfID(3)]))
        hub.add(all, id: 2, to: .everyBot)
        func heard(_ bot: Int64) -> Set<ObjectIdentifier> {
            var heard: Set<ObjectIdentifier> = []
            hub.forEachRecipient(of: SelfID(bot)) { heard.insert(ObjectIdentifier($0)) }
            return heard
        }
        #expect(heard(1) == [ObjectIdentifier(all)])
        #expect(heard(3) == [ObjectIdentifier(some), ObjectIdentifier(all)])
        #expect(Set(hub.boundBots) == [SelfID(2), SelfID(3)])
        hub.remove(1)
        #expect(heard(3) == [ObjectIdentifier(all)])
        #expect(hub.boundBots.isEmpty)
    }

    @Test("an action goes to bots in the scope only; of several in it one is to be named")
    func actions() throws {
        let known = [1, 2, 3].map { SelfID($0) }
        let scope = TokenScope(bots: [SelfID(2), SelfID(3)])
        func target(_ params: String, _ known: [SelfID]) throws -> ActionTarget {
            let action = try Action(parsing: .init(string: #"{"action":"a","params":\#(params)}"#))
            return ActionTarget(
                action, binding: .bots([SelfID(2), SelfID(3)]), bound: SelfID(2), known: known, scope: scope)
        }
        #expect(try target("{}", known) == .ambiguous([SelfID(2), SelfID(3)]))
        #expect(try target("{}", [SelfID(1), SelfID(3)]) == .bot(SelfID(3)))
        #expect(try target(#"{"self_id":3}"#, known) == .bot(SelfID(3)))
        #expect(try target(#"{"self_id":1}"#, known) == .outOfScope(SelfID(1)))
        #expect(try target("{}", [SelfID(1)]) == .noBot)
    }

    @Test("a restart that names no bot is given the client's own, and keeps what it names")
    func restart() throws {
        func params(_ text: String, _ bot: Int64? = 2) throws -> String? {
            let action = try Action(parsing: .init(string: #"{"action":"set_restart","params":\#(text)}"#))
            return ClientSession.params(of: action, for: bot.map { SelfID($0) }).map { String(buffer: $0.bytes) }
        }
        #expect(try params("null") == #"{"self_id":2}"#)
        #expect(try params(#"{"delay":5}"#) == #"{"delay":5,"self_id":2}"#)
        for none in ["null", #""""#] { #expect(try params(#"{"self_id":\#(none)}"#) == #"{"self_id":2}"#) }
        for named in ["3", #""3""#, #""x""#] {
            #expect(try params(#"{"self_id":\#(named)}"#) == #"{"self_id":\#(named)}"#)
        }
        #expect(try params(#"{"delay":5}"#, nil) == #"{"delay":5}"#)
    }
}
