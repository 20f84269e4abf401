import Contracts
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import Actions

@Suite("Which bot an action is for", .timeLimit(.minutes(1)))
struct BotChoiceTests {
    private let edge = EdgeAddress(edgeID: "e", instance: "1")

    private func choose(
        _ value: String?, among bots: [Int64], _ standard: BotChoice.Standard = .onlyBot,
        scope: TokenScope = .everything
    ) throws -> SelfID {
        var replica = PresenceReplica()
        _ = replica.replace(
            with: PresenceSnapshot(
                registryEpoch: 1, sequence: 1, edges: [], clients: [], bots: bots.map { .fixture($0, at: edge) }))
        let value = try value.map { try JSONText(validating: ByteBuffer(string: $0)) }
        return try BotChoice(standard, in: scope).bot(BotChoice.Wish(value), in: replica)
    }

    /// Every kind of caller, at every door.
    private static let everybody: [BotChoice.Standard] = [.onlyBot, .defaultBot, .bot(SelfID(7))]

    @Test("one that is named binds, by a number or its digits", arguments: ["8", #""8""#, "8.0", #""08""#], everybody)
    func named(_ value: String, _ standard: BotChoice.Standard) throws {
        #expect(try choose(value, among: [7, 8], standard) == SelfID(8))
    }

    @Test(
        "one that is named and not known is 1404, and those known are named", arguments: ["9", #""9""#, "-9"], everybody
    )
    func unknown(_ value: String, _ standard: BotChoice.Standard) {
        for bots: [Int64] in [[7, 8], [7]] {
            let failure = #expect(throws: RPC.Failure.self) { try choose(value, among: bots, standard) }
            #expect(failure?.retcode == 1404)
            #expect(failure?.message.contains(bots.map { "\($0)" }.joined(separator: ", ")) == true)
        }
    }

    @Test(
        "absent, null, 0 and a form's empty text name nobody",
        arguments: [nil, "null", "0", #""0""#, #""""#, "0.0", "-0"])
    func standard(_ value: String?) throws {
        #expect(try choose(value, among: [7]) == SelfID(7))
        #expect(try choose(value, among: [7, 8], .bot(SelfID(8))) == SelfID(8))
        #expect(try choose(value, among: [8, 7], .defaultBot) == SelfID(7))
        let several = #expect(throws: RPC.Failure.self) { try choose(value, among: [8, 7]) }
        #expect(several?.retcode == 1400)
        #expect(several?.message.contains("7, 8") == true && several?.message.contains("`self_id`") == true)
    }

    @Test(
        "what is no account number is 1400, and named",
        arguments: [#""x""#, "1.5", "true", "{}", "[7]", #""+7""#, #"" 7""#, "1e99"], everybody)
    func unreadable(_ value: String, _ standard: BotChoice.Standard) {
        let failure = #expect(throws: RPC.Failure.self) { try choose(value, among: [7], standard) }
        #expect(failure?.retcode == 1400)
        #expect(failure?.message.contains("`self_id`") == true && failure?.message.contains("7") == true)
    }

    @Test("a connection's own bot is meant where it is not known yet")
    func own() throws {
        #expect(try choose(nil, among: [7], .bot(SelfID(9))) == SelfID(9))
    }

    @Test("within a token's scope the others are not there: not to be guessed, not listed, and 1403 where named")
    func scope() throws {
        let one = TokenScope(bots: [SelfID(8)])
        #expect(try choose(nil, among: [7, 8], scope: one) == SelfID(8))
        #expect(try choose("8", among: [7, 8], scope: one) == SelfID(8))
        for standard in Self.everybody {
            let named = #expect(throws: RPC.Failure.self) { try choose("7", among: [7, 8], standard, scope: one) }
            #expect(named?.retcode == 1403)
        }
        let two = TokenScope(bots: [SelfID(8), SelfID(9)])
        let several = #expect(throws: RPC.Failure.self) { try choose(nil, among: [7, 8, 9], scope: two) }
        #expect(several?.retcode == 1400)
        #expect(several?.message.contains("7") == false)
        #expect(try choose(nil, among: [7, 9], scope: two) == SelfID(9))
        let absent = #expect(throws: RPC.Failure.self) { try choose(nil, among: [7], scope: one) }
        #expect(absent?.retcode == 1503)
        #expect(absent?.message.contains("8") == true)
        let unknown = #expect(throws: RPC.Failure.self) { try choose("9", among: [7, 8], scope: two) }
        #expect(unknown?.retcode == 1404)
        #expect(unknown?.message.contains("7") == false)
    }

    @Test("before any bot was ever there it is 1503", arguments: [nil, "7"])
    func none(_ value: String?) {
        for standard in [BotChoice.Standard.onlyBot, .defaultBot] {
            let failure = #expect(throws: RPC.Failure.self) { try choose(value, among: [], standard) }
            #expect(failure?.retcode == 1503)
            #expect(failure?.reason.carriedOut == .no())
        }
    }

    @Test("where not everybody is known here, the registry is asked before a bot is said to be unknown")
    func asksRegistry() async throws {
        let harness = try await ActionsHarness()
        harness.registry.snapshot = PresenceSnapshot(
            registryEpoch: 1, sequence: 1, edges: [harness.far], clients: [],
            bots: [.fixture(7, at: harness.far), .fixture(8, at: harness.far)])
        #expect(try await harness.dispatcher.bot(.bot(SelfID(8)), BotChoice(.bot(SelfID(7)))) == SelfID(8))
        await #expect(throws: RPC.Failure.self) {
            try await harness.dispatcher.bot(.bot(SelfID(9)), BotChoice(.bot(SelfID(7))))
        }
    }
}
