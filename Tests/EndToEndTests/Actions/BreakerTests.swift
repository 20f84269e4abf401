import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("A bot that answers nothing is found out", .overMemory, .timeLimit(.minutes(2)))
    struct BreakerTests {
        @Test("its actions fail at once, readiness and metrics say so, and with its first answer all is well again")
        func silentBot() async throws {
            try await withFakeBot { bot in
                try await withFolder { folder in
                    let ports = try FreePorts.range(of: 2)
                    let perpetua = try PerpetuaProcess(
                        in: folder, ports: ports,
                        [
                            "--bot", bot.url, "--action_timeout", "500ms", "--breaker.timeouts", "3",
                            "--breaker.probe_interval", "200ms",
                        ])
                    try await perpetua.waitUntilReady()
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    var silence = Misbehaviour()
                    silence.isSilent = true
                    try await bot.bot.misbehave(silence)
                    for number in 1...3 {
                        #expect(try await client.call("get_friend_list", echo: "\(number)").int("retcode") == 1504)
                    }
                    let refused = try await client.call("get_status", echo: "4")
                    #expect(refused.int("retcode") == 1503)
                    #expect(refused.json?["data"]?.object?["retry_after_ms"] != nil)
                    let health = try await FakeHTTP.get(perpetua.http + "/health/ready")
                    #expect(health.status == 200)
                    #expect(health.body.contains(#""status":"degraded""#), "\(health.body)")
                    #expect(health.body.contains("\(bot.selfID)"), "\(health.body)")
                    try await eventually("the gauge says so") {
                        try await FakeHTTP.get(perpetua.http + "/metrics").body.contains(
                            #"perpetua_bot_silent{bot="0"} 1"#)
                    }
                    #expect(try await FakeHTTP.get(perpetua.http + "/get_status").status == 503)

                    try await bot.bot.misbehave(Misbehaviour())
                    try await eventually("it is well again") {
                        try await FakeHTTP.get(perpetua.http + "/health/ready").body.contains(#""status":"ok""#)
                    }
                    #expect(try await client.call("get_status", echo: "5").int("retcode") == 0)
                    #expect(try await client.unread.filter { $0.echo != nil || $0["status"] != nil }.isEmpty)
                    perpetua.terminate()
                    #expect(try await perpetua.exitCode() == 0)
                }
            }
        }
    }
}
