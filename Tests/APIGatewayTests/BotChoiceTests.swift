import Actions
import Contracts
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import APIGateway

@Suite struct BotChoiceTests {
    private let edge = EdgeAddress(edgeID: "e", instance: "1")

    private func choose(
        _ value: String?, among bots: [Int64], scope: TokenScope = .everything
    ) throws -> SelfID {
        var replica = PresenceReplica()
        _ = replica.replace(
            with: PresenceSnapshot(
                registryEpoch: 1, sequence: 1, edges: [], clients: [], bots: bots.map { .fixture($0, at: edge) }))
        let value = try value.map { try JSONText(validating: ByteBuffer(string: $0)) }
        return try BotChoice.bot(named: value, in: replica, scope: scope)
    }

    @Test("the only bot needs no name")
    func only() throws {
        #expect(try choose(nil, among: [7]) == SelfID(7))
    }

    @Test("a bot is named by a number or its digits", arguments: ["8", #""8""#])
    func named(_ value: String) throws {
        #expect(try choose(value, among: [7, 8]) == SelfID(8))
    }

    @Test("of several one is to be named: 1400, and all are listed")
    func several() {
        let failure = #expect(throws: RPC.Failure.self) { try choose(nil, among: [8, 7]) }
        #expect(failure?.retcode == 1400)
        #expect(failure?.message.contains("7, 8") == true)
        #expect(failure?.message.contains("`self_id`") == true)
    }

    @Test("a bot nobody knows is 1404, and those known are named")
    func unknown() {
        let failure = #expect(throws: RPC.Failure.self) { try choose("9", among: [7, 8]) }
        #expect(failure?.retcode == 1404)
        #expect(failure?.message.contains("7, 8") == true)
    }

    @Test("what is no account number is 1400", arguments: [#""x""#, "1.5", "true", "{}", "[7]", #""+7""#])
    func wrongType(_ value: String) {
        let failure = #expect(throws: RPC.Failure.self) { try choose(value, among: [7]) }
        #expect(failure?.retcode == 1400)
    }

    @Test("within a token's scope the others are not there: not to be guessed, not listed, and 1403 where named")
    func scope() throws {
        let one = TokenScope(bots: [SelfID(8)])
        #expect(try choose(nil, among: [7, 8], scope: one) == SelfID(8))
        #expect(try choose("8", among: [7, 8], scope: one) == SelfID(8))
        let named = #expect(throws: RPC.Failure.self) { try choose("7", among: [7, 8], scope: one) }
        #expect(named?.retcode == 1403)
        let two = TokenScope(bots: [SelfID(8), SelfID(9)])
        let several = #expect(throws: RPC.Failure.self) { try choose(nil, among: [7, 8, 9], scope: two) }
        #expect(several?.retcode == 1400)
        #expect(several?.message.contains("7") == false)
        #expect(try choose(nil, among: [7, 9], scope: two) == SelfID(9))
        let absent = #expect(throws: RPC.Failure.self) { try choose(nil, among: [7], scope: one) }
        #expect(absent?.retcode == 1503)
        #expect(absent?.message.contains("8") == true)
    }

    @Test("before any bot was ever there it is 1503", arguments: [nil, "7"])
    func none(_ value: String?) {
        let failure = #expect(throws: RPC.Failure.self) { try choose(value, among: []) }
        #expect(failure?.retcode == 1503)
        #expect(failure?.retryAfterMilliseconds == 1000)
    }
}
