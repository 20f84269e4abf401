import Bus
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import WSEdge

@Suite("What bots of today send, on its way through a link", .timeLimit(.minutes(1)))
struct BotFixtureFlowTests {
    @Test("events arrive byte for byte and in order", arguments: BotFixture.Implementation.allCases)
    func events(of implementation: BotFixture.Implementation) async throws {
        let fixtures = try BotFixture.all(of: BotFixture.events, by: implementation)
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: BotFixture.account)
            bot.send(fixtures.map(\.text))
            // Clients get our own lifecycle events instead of the bot's.
            let expected = fixtures.filter { !$0.name.contains("lifecycle") }
            let events = try await bench.events(count: expected.count)
            #expect(events.map { String(buffer: $0.body) } == expected.map(\.text))
        }
    }

    @Test("an answer comes back as it was sent, with the asker's echo", arguments: BotFixture.Implementation.allCases)
    func answers(of implementation: BotFixture.Implementation) async throws {
        // A download has many answers to one action, and the first ones do not end it.
        let fixtures = try BotFixture.all(of: [.response], by: implementation).filter {
            !$0.name.contains("stream") && !$0.name.contains("echo")
        }
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: BotFixture.account)
            try await bench.untilOnline(BotFixture.account)
            for fixture in fixtures {
                let call = try await bench.call(BotFixture.account, #"{"action":"a","echo":[1, 2]}"#)
                let token = try await bot.nextAction().token
                let answer = try JSONObject(fixture.bytes)
                bot.send(String(buffer: answer.setting("echo", to: ByteBuffer(string: token))))
                let expected = String(buffer: answer.setting("echo", to: ByteBuffer(string: "[1, 2]")))
                #expect(try await bench.answer(to: call.id) == expected, "\(fixture)")
            }
        }
    }
}
