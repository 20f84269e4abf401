import NIOHTTP1
import OneBot
import TestSupport
import Testing
import WebSocketTransport

extension EndToEnd {
    @Suite("Foreign web pages", .timeLimit(.minutes(1)))
    struct ForeignPageTests {
        private static let foreign: [HTTPHeaders] = [
            ["Origin": "https://evil.example"], ["Origin": "null"], ["Origin": "file://"],
            ["Origin": "chrome-extension://abc"], ["Sec-Fetch-Site": "cross-site"], ["Host": "evil.example"],
        ]

        /// The answer to a refused handshake; `nil` where it is not refused.
        private func refusal(_ url: String, _ headers: HTTPHeaders) async throws -> (status: Int, body: String)? {
            do {
                try await FakeClient.connect(to: url, headers: headers).close()
                return nil
            } catch let DialError.refused(_, status, body) {
                return (status, body)
            }
        }

        @Test("without a token no page of another site comes in, at no port and no path; its refusal names the setting")
        func noToken() async throws {
            // This bot fails the test if any action reaches it.
            try await withFakeBot(answering: { _ in nil }) { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let lease = try await FakeHTTP.get(perpetua.http + "/api/get_ws_port")
                    let leased = "ws://127.0.0.1:\(try #require(lease.data?["port"]?.int64))"
                    for url in [perpetua.ws, perpetua.ws + "/event", perpetua.ws + "/bot", leased] {
                        for headers in Self.foreign {
                            let refused = try await refusal(url, headers)
                            #expect(refused?.status == 403, "\(url) \(headers)")
                            #expect(refused?.body.contains("retcode\":1403") == true)
                            #expect(refused?.body.contains("allowed_") == true)
                        }
                    }
                    let page = try await FakeClient.connect(
                        to: perpetua.ws, headers: ["Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"])
                    _ = try await page.nextEvent("meta_event", "lifecycle")
                    let image = try await FakeHTTP.get(
                        perpetua.http + "/send_private_msg?user_id=1&message=x",
                        headers: ["Sec-Fetch-Site": "cross-site"])
                    #expect(image.status == 403)
                }
            }
        }

        @Test("with tokens the token decides: at the bots' door theirs, elsewhere the clients'")
        func withTokens() async throws {
            try await withFakeBot { bot in
                let yaml = "access_token: t\nbot_listener.access_token: b"
                try await withPerpetua(yaml, bots: [bot.url]) { perpetua in
                    for headers in Self.foreign {
                        let client = try await refusal(perpetua.ws + "/?access_token=t", headers)
                        #expect(client == nil)
                        let bot = try await refusal(perpetua.ws + "/bot?access_token=b", headers)
                        #expect(bot == nil)
                    }
                }
                try await withPerpetua("access_token: t", bots: [bot.url]) { perpetua in
                    let refused = try await refusal(perpetua.ws + "/bot?access_token=t", Self.foreign[0])
                    #expect(refused?.status == 403)
                    #expect(refused?.body.contains("bot_listener.access_token") == true)
                }
            }
        }

        @Test("allowed_origins and allowed_hosts let in what they name")
        func allowed() async throws {
            let yaml = "allowed_origins: [https://dash.example.org]\nallowed_hosts: [bot.example.org]"
            try await withFakeBot { bot in
                try await withPerpetua(yaml, bots: [bot.url]) { perpetua in
                    let headers: HTTPHeaders = ["Origin": "https://dash.example.org", "Host": "bot.example.org"]
                    let refused = try await refusal(perpetua.ws, headers)
                    #expect(refused == nil)
                    let answer = try await FakeHTTP.get(perpetua.http + "/api/get_online_clients", headers: headers)
                    #expect(answer.status == 200)
                    #expect(answer.headers["Access-Control-Allow-Origin"] == ["https://dash.example.org"])
                }
            }
        }
    }
}
