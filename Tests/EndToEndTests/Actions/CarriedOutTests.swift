import Contracts
import NIOCore
import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Whether a failed action may be sent again", .timeLimit(.minutes(1)))
    struct CarriedOutTests {
        @Test("is said at every door: not where the bot may have it, and where it never had it")
        func everyDoor() async throws {
            let yaml = "action_timeout: 200ms\nbreaker.timeouts: 0"
            try await withFakeBot(answering: { $0.name == "send_msg" ? ScriptedAnswer.none : nil }) { bot in
                try await withPerpetua(yaml, bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    let program = try await BrokerProgram(at: perpetua.broker, exchanges: perpetua.exchanges)
                    let frame = #"{"action":"send_msg","echo":1}"#
                    let key = Exchanges.actionKey(bot.selfID)
                    async let overAMQP = program.call(frame, key: key)
                    async let overHTTP = FakeHTTP.post(perpetua.http + "/send_msg", json: "{}")
                    let late = [
                        try await client.call("send_msg", echo: "1").json, try await overHTTP.json, try await overAMQP,
                    ]
                    for answer in late {
                        #expect(answer?["retcode"]?.int64 == 1504)
                        #expect(answer?.carriedOut == "unknown")
                        #expect(answer?.retryAfterMilliseconds == nil)
                    }
                    try await bot.bot.goAway(.abrupt)
                    let away = try await eventually("the bot is away") {
                        try await client.call("send_msg", echo: "2").json
                    } until: {
                        $0?["retcode"]?.int64 == 1503 && $0?.carriedOut == "no"
                    }
                    for answer in [away, try await FakeHTTP.post(perpetua.http + "/send_msg", json: "{}").json] {
                        #expect(answer?["retcode"]?.int64 == 1503)
                        #expect(answer?.carriedOut == "no")
                        #expect(answer?.retryAfterMilliseconds ?? 0 > 0)
                    }
                }
            }
        }
    }
}
