import Bus
import Contracts
import Observability
import Testing

@testable import WSEdge

@Suite("The chain of work at a bot's link", .timeLimit(.minutes(1)))
struct BotTraceTests {
    @Test("an answer belongs to the chain of its action, whether the bot gave it or we did")
    func answers() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let traces = [TraceParent.make(), .make()]
            let calls = [
                try await bench.call(10001, #"{"action":"get_status","params":{}}"#, trace: traces[0]),
                try await bench.call(10001, "nonsense", trace: traces[1]),
            ]
            let action = try await bot.nextAction()
            bot.send(#"{"status":"ok","retcode":0,"data":null,"echo":\#(action.token)}"#)
            for (call, trace) in zip(calls, traces) {
                _ = try await bench.answer(to: call.id)
                let answer = bench.answers.first { $0.properties.correlationID == call.id }
                #expect(answer?.properties.trace == trace)
            }
        }
    }

    @Test("every event begins a chain of its own, and names the contract's version")
    func events() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            bot.send([BotBench.event(10001, 1), BotBench.event(10001, 2)])
            let events = try await bench.events(count: 2)
            #expect(Set(events.compactMap(\.properties.trace)).count == 2)
            #expect(events.allSatisfy { $0.properties.headers["x-perpetua-version"] == "1" })
        }
    }
}
