import NIOHTTP1
import Testing
import TestSupport

@testable import APIGateway

@Suite("Web pages at the HTTP door", .timeLimit(.minutes(1)))
struct CrossOriginTests {
    private static let allowed = [("allowed_origins", "https://dash.example.org")]
    private static let evil: HTTPHeaders = ["Origin": "https://evil.example"]

    @Test("a foreign page's request is 403 in the envelope, and no bot hears of it: by GET, form and JSON")
    func foreign() async throws {
        try await GatewayHarness.run { gateway in
            let path = "/send_private_msg?user_id=1&message=x"
            let answers = [
                try await gateway.get(path, headers: ["Sec-Fetch-Site": "cross-site"]),
                try await gateway.get(path, headers: Self.evil),
                try await gateway.form("/send_private_msg", "user_id=1&message=x", headers: ["Origin": "null"]),
                try await gateway.form("/send_private_msg", #"{"user_id":1,"message":"x"}"#, headers: Self.evil),
                try await FakeHTTP.request(
                    .POST, gateway.url + "/send_private_msg",
                    headers: ["Content-Type": "text/plain", "Origin": "https://evil.example"],
                    body: #"{"user_id":1,"message":"x"}"#),
                try await FakeHTTP.request(
                    .POST, gateway.url + "/send_private_msg", headers: ["Sec-Fetch-Site": "cross-site"],
                    body: #"{"user_id":1,"message":"x"}"#),
                try await gateway.post("/api/send_private_msg", #"{"user_id":1,"message":"x"}"#, headers: Self.evil),
                try await gateway.post("/api/set_restart", "{}", headers: Self.evil),
                try await gateway.get("/api/get_ws_port", headers: Self.evil),
            ]
            let rebound = try await gateway.get("/send_msg", headers: ["Host": "evil.example:8080"])
            #expect(rebound.status == 403)
            #expect(rebound["msg"]?.contains("allowed_hosts") == true)
            for answer in answers {
                #expect(answer.status == 403)
                #expect(answer.retcode == 1403)
                #expect(answer["msg"]?.contains("allowed_origins") == true)
                #expect(answer.headers["Access-Control-Allow-Origin"] == [])
            }
            #expect(gateway.edgeInbox.deliveries.isEmpty)
        }
    }

    @Test("health checks and numbers are for everybody")
    func exempt() async throws {
        try await GatewayHarness.run { gateway in
            for path in ["/health/live", "/health/ready", "/metrics"] {
                for headers in [Self.evil, ["Sec-Fetch-Site": "cross-site"]] as [HTTPHeaders] {
                    let answer = try await gateway.get(path, headers: headers)
                    #expect(answer.status != 403, "\(path)")
                }
            }
        }
    }

    @Test("a loopback page may come in, and read what it is answered, also where that is a refusal")
    func loopbackPage() async throws {
        try await GatewayHarness.run { gateway in
            let headers: HTTPHeaders = ["Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"]
            for (path, status) in [("/api/get_online_clients", 200), ("/a/b", 404), ("/api/x?y=%", 400)] {
                let answer = try await gateway.get(path, headers: headers)
                #expect(answer.status == status)
                #expect(answer.headers["Access-Control-Allow-Origin"] == ["http://localhost:5173"])
                #expect(answer.headers["Vary"] == ["Origin"])
            }
            let plain = try await gateway.get("/api/get_online_clients")
            #expect(plain.headers["Access-Control-Allow-Origin"] == [])
            #expect(plain.headers["Vary"] == ["Origin"])
        }
    }

    @Test("with a token nobody's origin is looked at, and a preflight is answered before the token is asked for")
    func withToken() async throws {
        try await GatewayHarness.run([("access_token", "t")] + Self.allowed) { gateway in
            let known = try await gateway.get(
                "/api/get_online_clients?access_token=t",
                headers: ["Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"])
            #expect(known.status == 200)
            #expect(known.headers["Access-Control-Allow-Origin"] == [])
            let stranger = try await gateway.get(
                "/api/get_online_clients", headers: ["Origin": "https://dash.example.org"])
            #expect(stranger.status == 401)
            #expect(stranger.headers["Access-Control-Allow-Origin"] == ["https://dash.example.org"])
            let preflight = try await FakeHTTP.request(
                .OPTIONS, gateway.url + "/api/send_msg",
                headers: [
                    "Origin": "https://dash.example.org", "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": "authorization,content-type",
                    "Access-Control-Request-Private-Network": "true",
                ])
            #expect(preflight.status == 204)
            #expect(preflight.body.isEmpty)
            #expect(preflight.headers["Access-Control-Allow-Origin"] == ["https://dash.example.org"])
            #expect(preflight.headers["Access-Control-Allow-Private-Network"] == ["true"])
            #expect(preflight.headers["Access-Control-Allow-Methods"] == ["GET, POST"])
            let names = preflight.headers["Access-Control-Allow-Headers"].first ?? ""
            for name in ["Authorization", "Content-Type", "X-Client-Token", "X-Client-ID", "X-Priority"] {
                #expect(names.contains(name))
            }
            let foreign = try await FakeHTTP.request(
                .OPTIONS, gateway.url + "/api/send_msg",
                headers: ["Origin": "https://evil.example", "Access-Control-Request-Method": "POST"])
            #expect(foreign.status == 403)
            #expect(foreign["msg"]?.contains("allowed_origins") == true)
            let noPreflight = try await FakeHTTP.request(.OPTIONS, gateway.url + "/api/send_msg")
            #expect(noPreflight.status == 401)
        }
    }

    @Test("what api.open_discovery opens is closed to foreign pages, token or not")
    func discovery() async throws {
        try await GatewayHarness.run([("access_token", "t"), ("api.open_discovery", "true")]) { gateway in
            let plain = try await gateway.get("/api/get_online_clients")
            #expect(plain.status == 200)
            let foreign = try await gateway.get("/api/get_online_clients", headers: Self.evil)
            #expect(foreign.status == 403)
        }
    }
}
