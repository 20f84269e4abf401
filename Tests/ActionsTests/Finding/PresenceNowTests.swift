import Contracts
import OneBot
import TestSupport
import Testing

@testable import Actions

@Suite("Who is online now", .timeLimit(.minutes(1))) struct PresenceNowTests {
    private func bot(_ harness: ActionsHarness) async throws -> OnlineBot {
        try await harness.dispatcher.find { presence throws(RPC.Failure) in
            guard let bot = presence.bots[SelfID(7)] else { throw RPC.Failure(.notFound, "no such bot") }
            return bot
        }
    }

    private func questions(_ harness: ActionsHarness) throws -> Int {
        try harness.registry.questions(.position, RPC.Empty.self).count
    }

    @Test("what is found here is not asked for")
    func found() async throws {
        let harness = try await ActionsHarness()
        harness.online([], bots: [.fixture(7, at: harness.near)])
        #expect(try await bot(harness).selfID == SelfID(7))
        #expect(try questions(harness) == 0)
    }

    @Test("what is missed here may be news: what the registry has told anybody is looked through before it is 404")
    func news() async throws {
        let harness = try await ActionsHarness()
        harness.online([])
        harness.registry.answer(.position, RPC.Empty.self) { _ in
            Task {
                _ = harness.presence.apply(
                    PresenceChange(
                        kind: .botOnline, registryEpoch: 1, sequence: 2, edge: harness.near,
                        bots: [.fixture(7, at: harness.near)]))
            }
            return PresencePosition(registryEpoch: 1, sequence: 2)
        }
        #expect(try await bot(harness).selfID == SelfID(7))
    }

    @Test("what is missed there, too, is 404")
    func nowhere() async throws {
        let harness = try await ActionsHarness()
        harness.online([])
        await #expect(throws: RPC.Failure(.notFound, "no such bot")) { try await bot(harness) }
        #expect(try questions(harness) == 1)
    }

    @Test("with the registry away it is looked for among what is known, and 1503 where nothing is")
    func away() async throws {
        let harness = try await ActionsHarness()
        await harness.registry.close()
        await #expect(throws: RPC.Failure.self) { try await harness.dispatcher.presenceNow() }
        harness.online([.fixture("a", at: harness.near)])
        #expect(try await harness.dispatcher.presenceNow().clients.count == 1)
        await #expect(throws: RPC.Failure(.notFound, "no such bot")) { try await bot(harness) }
    }
}
