import OneBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("A bot that is connected and silent", .timeLimit(.minutes(2)))
    struct SilentBotTests {
        @Test("after 10 s readiness is degraded with 200, and callers at every door read the same sentence")
        func everywhere() async throws {
            // A server that takes any connection and says nothing, as a bot does on a wrong path.
            let bot = try await FakeFramework.start()
            try await withPerpetua(bots: [bot.url]) { perpetua in
                let client = try await FakeClient.connect(to: perpetua.ws + "/api")
                let every = try await FakeClient.connect(to: perpetua.ws + "/api?self_id=*")
                let ready = try await eventually(within: .seconds(30), "readiness says so") {
                    try await FakeHTTP.get(perpetua.http + "/health/ready")
                } until: {
                    $0.body.contains("silent")
                }
                #expect(ready.status == 200)
                #expect(ready["status"] == "degraded")
                let reason = try #require(ready.json?["reasons"]?.array?.first?.string)
                #expect(reason.contains("bots[0]") && reason.contains("LLBot"))
                for client in [client, every] {
                    for action in ["get_friend_list", "set_restart"] {
                        let answer = try await client.call(action, echo: "1")
                        #expect(answer.int("retcode") == 1503)
                        #expect(answer["msg"]?.contains(reason) == true, "\(action): \(answer)")
                    }
                }
                for action in ["get_friend_list", "set_restart"] {
                    let answer = try await FakeHTTP.get(perpetua.http + "/\(action)")
                    #expect(answer.retcode == 1503)
                    #expect(answer["msg"]?.contains(reason) == true, "\(answer)")
                }
            }
            await bot.stop()
        }
    }
}
