import OneBot
import SimulatedBot
import TestSupport
import Testing
import WebSocketTransport

extension EndToEnd {
    @Suite("Perpetua stops in good order", .timeLimit(.minutes(1)))
    struct ShutdownTests {
        @Test("what is in flight is answered, then clients that came to us are closed with 1012 and a reason")
        func closes() async throws {
            try await withFakeBot(answering: { $0.name == "slow" ? ScriptedAnswer.none : .standard }) { bot in
                try await withPerpetua("edge: {drain_time: 2s}", bots: [bot.url]) { perpetua in
                    let idle = try await FakeClient.connect(to: perpetua.ws)
                    let busy = try await FakeClient.connect(to: perpetua.ws)
                    for client in [idle, busy] { _ = try await client.nextEvent("meta_event", "lifecycle") }
                    try await busy.send(#"{"action":"slow","echo":"e"}"#)
                    let action = try await bot.bot.nextAction("slow")
                    await perpetua.shutDown()
                    #expect(try await idle.ending().code == 1012)
                    try await bot.bot.sendToAll(
                        #"{"status":"ok","retcode":0,"data":1,"echo":\#(action.echo ?? "null")}"#)
                    let answer = try await busy.next { $0.echo == #""e""# }
                    #expect(answer["status"] == "ok", "the bot had time to answer")
                    let ending = try await busy.ending()
                    #expect(ending.code == 1012)
                    #expect(!ending.reason.isEmpty)
                }
            }
        }

        @Test("a bot that stays silent does not hold it up: the asker is told, and everybody is closed in time")
        func silentBot() async throws {
            try await withFakeBot(answering: { $0.name == "slow" ? ScriptedAnswer.none : .standard }) { bot in
                try await withPerpetua("edge: {drain_time: 400ms}", bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    try await client.send(#"{"action":"slow","echo":"e"}"#)
                    _ = try await bot.bot.nextAction("slow")
                    let sleeper = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await sleeper.nextEvent("meta_event", "lifecycle")
                    try await sleeper.stopReading()
                    await perpetua.shutDown()
                    let answer = try await client.next { $0.echo == #""e""# }
                    #expect(answer.int("retcode") == 1503)
                    #expect(try await client.ending().code == 1012)
                }
            }
        }
    }
}
