import Contracts
import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("One restart of a bot at a time", .timeLimit(.minutes(2)))
    struct RestartTests {
        @Test("asked for by many, again and again and at every door, a bot is restarted once until it is back")
        func once() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let clients = [
                        try await FakeClient.connect(to: perpetua.ws), try await FakeClient.connect(to: perpetua.ws),
                    ]
                    for client in clients { _ = try await client.nextEvent("meta_event", "lifecycle") }
                    let program = try await BrokerProgram(at: perpetua.broker, exchanges: perpetua.exchanges)
                    @Sendable func askEverywhere() async throws {
                        for delay in [0, 20, 0] {
                            for client in clients {
                                let params = #"{"delay":\#(delay)}"#
                                let answer = try await client.call("set_restart", params: params, echo: "1")
                                #expect(answer["status"] == "async" && answer.int("retcode") == 1)
                            }
                            let http = try await FakeHTTP.get(perpetua.http + "/set_restart?delay=\(delay)")
                            #expect(http["status"] == "async")
                            let own = try await program.call(
                                #"{"action":"set_restart","params":{"delay":\#(delay)}}"#, key: Exchanges.gatewayKey)
                            #expect(own["status"]?.string == "async")
                        }
                        let key = Exchanges.actionKey(SelfID(10001))
                        #expect(try await program.call(#"{"action":"set_restart"}"#, key: key)["retcode"]?.int64 == 1)
                    }
                    try await askEverywhere()
                    _ = try await bot.bot.nextAction("set_restart")
                    // An answer that comes behind all restarts has come, so nothing is still on its way.
                    for client in clients { _ = try await client.call("get_status", echo: "2") }
                    #expect(try await bot.bot.unreadActions.allSatisfy { $0.name != "set_restart" })
                    try await bot.bot.dropLinks()
                    try await eventually("the bot is back") {
                        try await clients[0].call("get_status", echo: "3").int("retcode")
                    } until: {
                        $0 == 0
                    }
                    #expect(try await clients[1].call("set_restart", echo: "4").int("retcode") == 1)
                    _ = try await bot.bot.nextAction("set_restart")
                }
            }
        }
    }
}
