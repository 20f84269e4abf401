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
                    let other = try await FakeClient.connect(to: perpetua.ws)
                    let first = try await Self.ownAppID(of: other)
                    let last = try await FakeClient.connect(to: perpetua.ws)
                    let second = try await Self.ownAppID(of: last)
                    #expect(first != second)
                    // Before them it is told of itself, and perhaps of some clients that came just before: the
                    // registry's list has everybody earlier than each edge.
                    var heard: [(appID: String, isSelf: Bool)] = []
                    while heard.last?.appID != second { heard.append(try await Self.status(of: curious)) }
                    #expect(heard.filter(\.isSelf).count == 1)
                    #expect(heard.suffix(2).map(\.appID) == [first, second])
                    _ = try await other.call("get_login_info", echo: "1")
                    #expect(try await other.receivedCount == 3, "lifecycle, its own client_status, the answer")
                }
            }
        }

        private static func ownAppID(of client: FakeClient) async throws -> String {
            let status = try await status(of: client)
            #expect(status.isSelf)
            return status.appID
        }

        private static func status(of client: FakeClient) async throws -> (appID: String, isSelf: Bool) {
            let status = try await client.nextEvent("notice", "client_status").json
            return (
                try #require(status?["client"]?.object?["app_id"]?.string),
                try #require(status?["self_client"]?.bool as Bool?)
            )
        }
    }
}
