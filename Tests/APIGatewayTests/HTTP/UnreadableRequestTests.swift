import NIOHTTP1
import TestSupport
import Testing

@testable import APIGateway

@Suite("What is no HTTP request", .timeLimit(.minutes(1)))
struct UnreadableRequestTests {
    @Test("an address without a path is told where the / goes, be it a handshake or not")
    func noPath() async throws {
        let handshake: HTTPHeaders = ["Upgrade": "websocket", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="]
        try await GatewayHarness.run { gateway in
            for headers in [[:], handshake] {
                let answer = try await FakeHTTP.get(gateway.url + "?access_token=t", headers: headers)
                #expect(answer.status == 400)
                #expect(answer.retcode == 1400)
                #expect(answer["msg"]?.contains("write the / before the ?") == true)
                #expect(answer.headers["Connection"] == ["close"])
            }
        }
    }

    @Test("a request that offers an upgrade is answered, and the connection ends: nothing behind it would be read")
    func offer() async throws {
        try await GatewayHarness.run { gateway in
            for _ in 1...2 {
                let offer: HTTPHeaders = ["Connection": "Upgrade", "Upgrade": "h2c"]
                let answer = try await FakeHTTP.get(gateway.url + "/health/live", headers: offer, asksToClose: false)
                #expect(answer.status == 200)
                #expect(answer.headers["Connection"] == ["close"])
            }
        }
    }

    @Test("what is not HTTP at all is told so, and the next request is served")
    func noHTTP() async throws {
        try await GatewayHarness.run { gateway in
            let answer = try await FakeHTTP.request(HTTPMethod(rawValue: "XYZZY"), gateway.url)
            #expect(answer.status == 400)
            #expect(answer["msg"] == "This is no HTTP request.")
            #expect(try await gateway.get("/health/live").status == 200)
        }
    }
}
