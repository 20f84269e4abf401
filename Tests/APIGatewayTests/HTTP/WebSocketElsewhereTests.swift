import NIOHTTP1
import TestSupport
import Testing

@testable import APIGateway

@Suite("A WebSocket handshake at the HTTP port", .timeLimit(.minutes(1)))
struct WebSocketElsewhereTests {
    private static let handshake: HTTPHeaders = [
        "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ]

    @Test(
        "is told what it is and where the WebSocket is, at any path; no bot hears of it",
        arguments: [
            "/", "/ws", "/event", "/api", "/bot", "/OneBotv11", "/onebot/v11/ws", "/get_status", "/api/send_msg",
            "/health/live",
            "/ws?access_token=x", "/api/get_ws_port",
        ])
    func anyPath(path: String) async throws {
        try await GatewayHarness.run([("access_token", "t"), ("edge.shared_port", "6701")]) { gateway in
            let answer = try await gateway.get(path, headers: Self.handshake)
            #expect(answer.status == 400)
            #expect(answer.retcode == 1400)
            #expect(answer["msg"]?.contains("ws://127.0.0.1:6701/ (edge.shared_port)") == true)
            #expect(answer["msg"]?.contains("get_ws_port") == true)
            #expect(answer["msg"]?.contains("proxy") == false)
            #expect(gateway.edgeInbox.deliveries.isEmpty)
        }
    }

    @Test(
        "where a proxy has dropped Upgrade, that is told as well; the host is the caller's, or the public one"
    )
    func proxied() async throws {
        let headers: HTTPHeaders = ["Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Host": "bot.local:8080"]
        try await GatewayHarness.run { gateway in
            let answer = try await gateway.get("/event", headers: headers)
            #expect(answer["msg"]?.contains("ws://bot.local:6700/") == true)
            #expect(answer["msg"]?.contains("docs/operating.md") == true)
            let bracketed = try await gateway.get("/event", headers: ["Upgrade": "WebSocket", "Host": "[::1]:8080"])
            #expect(bracketed["msg"]?.contains("ws://[::1]:6700/") == true)
        }
        let cases = [("0", "edge.shared_port, which the log names"), ("6700", "ws://bot.example.org:6700/")]
        for (port, words) in cases {
            let settings = [("edge.public_host", "bot.example.org"), ("edge.shared_port", port)]
            try await GatewayHarness.run(settings) { gateway in
                let answer = try await gateway.get("/", headers: headers)
                #expect(answer["msg"]?.contains(words) == true)
            }
        }
    }
}
