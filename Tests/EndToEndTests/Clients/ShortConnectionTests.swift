import OneBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Connections that live for a moment", .timeLimit(.minutes(1)))
    struct ShortConnectionTests {
        private static let settings = "client_status_delay: 600ms"

        private func told(_ client: FakeClient) async throws -> [String] {
            try await client.unread.filter { $0["notice_type"] == "client_status" && $0.raw("self_client") == "false" }
                .map { "\($0.json?["client"]?.object?["client_name"]?.string ?? "") \($0.raw("online") ?? "")" }
        }

        @Test(
            "nobody hears of one, though it is found from its first frame on; the next one under its name is told of as itself"
        )
        func short() async throws {
            try await withFakeBot { bot in
                try await withDeployment(Self.settings, edges: [[bot.url], []]) { deployment in
                    let ws = deployment.edges[0].ws
                    let observers = [
                        try await FakeClient.connect(to: ws), try await FakeClient.connect(to: deployment.edges[1].ws),
                    ]
                    for observer in observers {
                        _ = try await observer.next("its own client_status") { $0.raw("self_client") == "true" }
                    }
                    for number in 1...2 {
                        let short = try await FakeClient.connect(to: ws)
                        _ = try await short.nextEvent("meta_event", "lifecycle")
                        let named = try await short.call("set_client_name", params: #"{"name":"n"}"#, echo: "1")
                        #expect(named.int("retcode") == 0)
                        let sent = try await observers[1].call(
                            "send_broadcast_data", params: #"{"data":"d","clients":[{"client_name":"n"}]}"#,
                            echo: "\(number)")
                        #expect(sent.json?["data"]?.object?["targets"]?.int64 == 1)
                        _ = try await short.nextEvent("distributed", "broadcast")
                        try await short.close()
                    }
                    let real = try await FakeClient.connect(to: ws)
                    _ = try await real.nextEvent("meta_event", "lifecycle")
                    try await eventually("the name is free") {
                        try await real.call("set_client_name", params: #"{"name":"n"}"#, echo: "1").int("retcode") == 0
                    }
                    _ = try await real.next("its own client_status") { $0.raw("self_client") == "true" }
                    try await real.close()
                    for observer in observers {
                        _ = try await observer.next("the real one has gone") { $0.raw("online") == "false" }
                        // The two observers may have been told of each other.
                        #expect(try await told(observer).filter { !$0.hasPrefix(" ") } == ["n true"])
                    }
                }
            }
        }
    }
}
