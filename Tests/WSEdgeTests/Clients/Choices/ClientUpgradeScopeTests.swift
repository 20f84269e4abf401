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
}
