import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("A crowd of clients", .timeLimit(.minutes(2)))
    struct CrowdTests {
        @Test("above a thousand clients who asks for it hears of everyone, the others of themselves only")
        func clientStatus() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("heartbeat_interval: 1h", bots: [bot.url]) { perpetua in
                    var crowd: [CountingClient] = []
                    for _ in 1...1_001 {
                        crowd.append(try await CountingClient.connect(to: perpetua.ws + "/?client_status=none"))
                    }
                    try await eventually("all of them are known") {
                        try await FakeHTTP.get(perpetua.http + "/api/get_online_clients").data?["clients"]?.array?.count
                            == crowd.count
                    }
                    let curious = try await FakeClient.connect(to: perpetua.ws + "/?client_status=all")
                    #expect(try await Self.appID(of: curious, isSelf: true) != nil)
                    let other = try await FakeClient.connect(to: perpetua.ws)
                    let first = try await Self.appID(of: other, isSelf: true)
                    #expect(try await Self.appID(of: curious, isSelf: false) == first)
                    let last = try await FakeClient.connect(to: perpetua.ws)
                    let second = try await Self.appID(of: last, isSelf: true)
                    #expect(try await Self.appID(of: curious, isSelf: false) == second)
                    #expect(first != nil && second != nil && first != second)
                    _ = try await other.call("get_login_info", echo: "1")
                    #expect(try await other.receivedCount == 3, "lifecycle, its own client_status, the answer")
                }
            }
        }

        private static func appID(of client: FakeClient, isSelf: Bool) async throws -> String? {
            let status = try await client.nextEvent("notice", "client_status")
            #expect(status.json?["self_client"]?.bool == isSelf)
            return status.json?["client"]?.object?["app_id"]?.string
        }
    }
}
