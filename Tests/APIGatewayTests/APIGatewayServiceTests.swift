import Bus
import Contracts
import NIOCore
import NIOHTTP1
import NIOPosix
import OneBot
import TestSupport
import Testing

@testable import APIGateway

@Suite(.timeLimit(.minutes(1))) struct APIGatewayServiceTests {
    // MARK: Bots' actions

    @Test(
        "a bot's action goes to the bot and its answer comes back, both byte for byte",
        arguments: ["/api/send_msg", "/send_msg"])
    func botAction(_ path: String) async throws {
        try await GatewayHarness.run { gateway async throws in
            let said = #"{ "status":"ok","retcode":0,"data":{"message_id":12345678901234567890} }"#
            let bot = try await BusResponder.bot(SelfID(10001), at: gateway.broker) { _ in ByteBuffer(string: said) }
            let params = #"{ "user_id":9007199254740993, "message":"hi", "app_id":"mine" }"#
            let answer = try await gateway.post(path, params)
            #expect(answer.status == 200)
            #expect(answer.body == said)
            #expect(answer.headers.first(name: "Content-Type") == "application/json")
            let frame = try #require(bot.deliveries.first).body
            #expect(try Action(parsing: frame).name == "send_msg")
            #expect(String(buffer: frame).contains(params))
        }
    }

    @Test("query and form become parameters of the standard's types")
    func converted() async throws {
        try await GatewayHarness.run { gateway async throws in
            let bot = try await BusResponder.bot(SelfID(10001), at: gateway.broker) { _ in ByteBuffer(string: "{}") }
            #expect(
                try await gateway.get("/send_msg?user_id=5&message=5&auto_escape=true&access_token=x").status == 200)
            #expect(try await gateway.form("/send_msg", "user_id=6&message=a%20b").status == 200)
            let params = try bot.deliveries.map { try Action(parsing: $0.body).params.map { String(buffer: $0.bytes) } }
            #expect(params == [#"{"user_id":5,"message":"5","auto_escape":true}"#, #"{"user_id":6,"message":"a b"}"#])
        }
    }

    @Test("a client's secret does not reach the bot")
    func secretStays() async throws {
        try await GatewayHarness.run { gateway async throws in
            let bot = try await BusResponder.bot(SelfID(10001), at: gateway.broker) { _ in ByteBuffer(string: "{}") }
            _ = try await gateway.post("/send_msg", #"{"client_token":"s3cret","x":1}"#)
            _ = try await gateway.get("/send_msg?client_token=s3cret&access_token=s3cret")
            #expect(bot.deliveries.count == 2)
            for delivery in bot.deliveries { #expect(!String(buffer: delivery.body).contains("s3cret")) }
        }
    }

    @Test("a bot's 1404 is the status 404, and any other failure of its is 200")
    func botStatus() async throws {
        try await GatewayHarness.run { gateway async throws in
            _ = try await BusResponder.bot(SelfID(10001), at: gateway.broker) { delivery in
                let isUnknown = (try? Action(parsing: delivery.body))?.name == "unknown"
                return ByteBuffer(string: #"{"status":"failed","retcode":\#(isUnknown ? 1404 : 100)}"#)
            }
            #expect(try await gateway.get("/unknown").status == 404)
            #expect(try await gateway.get("/known").status == 200)
        }
    }

    @Test("a bot that is known and away is 503")
    func botAway() async throws {
        try await GatewayHarness.run { gateway async throws in
            let answer = try await gateway.get("/get_status")
            #expect(answer.status == 503)
            #expect(answer.retcode == 1503)
            #expect(answer.data?["retry_after_ms"] != nil)
            #expect(answer.headers["Retry-After"] == ["1"])
        }
    }

    @Test("with api.failed_status 200 it is 200, and the rest stays; what is wrong with a request keeps its status")
    func failedStatus() async throws {
        try await GatewayHarness.run([("api.failed_status", "200"), ("api.max_body_size", "1KiB")]) { gateway in
            let away = try await gateway.get("/get_status")
            #expect(away.status == 200)
            #expect(away.retcode == 1503)
            #expect(away.data?.keys == ["carried_out", "retry_after_ms"])
            #expect(away.headers["Retry-After"] == ["1"])
            #expect(try await gateway.get("/no/such/path").status == 404)
            #expect(try await gateway.post("/get_status", "{").status == 400)
            let large = #"{"m":"\#(String(repeating: "x", count: 1024))"}"#
            #expect(try await gateway.post("/get_status", large).status == 413)
            _ = try await BusResponder.bot(SelfID(10001), at: gateway.broker) { _ in
                ByteBuffer(string: #"{"status":"failed","retcode":404}"#)
            }
            #expect(try await gateway.get("/unknown").status == 404)
        }
    }

    @Test("of several bots one is to be named, in body, form or query")
    func severalBots() async throws {
        try await GatewayHarness.run(bots: [1, 2]) { gateway async throws in
            let second = try await BusResponder.bot(SelfID(2), at: gateway.broker) { _ in ByteBuffer(string: "{}") }
            let unnamed = try await gateway.get("/get_status")
            #expect(unnamed.retcode == 1400)
            #expect(unnamed["msg"]?.contains("1, 2") == true)
            #expect(try await gateway.get("/get_status?self_id=2").body == "{}")
            #expect(try await gateway.post("/get_status", #"{"self_id":2}"#).body == "{}")
            #expect(try await gateway.post("/get_status?self_id=2", "{}").body == "{}")
            #expect(try await gateway.form("/get_status", "self_id=2").body == "{}")
            #expect(second.deliveries.count == 4)
            #expect(try await gateway.get("/get_status?self_id=3").retcode == 1404)
            #expect(try await gateway.post("/set_restart", "{}").retcode == 1400)
        }
    }

    @Test("before any bot was ever there it is 503")
    func noBot() async throws {
        try await GatewayHarness.run(bots: []) { gateway async throws in
            #expect(try await gateway.get("/get_status").status == 503)
        }
    }

    @Test("a bot that comes later is known at once")
    func botComes() async throws {
        try await GatewayHarness.run(bots: []) { gateway async throws in
            _ = try await BusResponder.bot(SelfID(5), at: gateway.broker) { _ in ByteBuffer(string: #"{"retcode":0}"#) }
            try await gateway.registry.publish(
                PresenceChange(
                    kind: .botOnline, registryEpoch: 1, sequence: 2, edge: gateway.edge,
                    bots: [.fixture(5, at: gateway.edge)]))
            try await eventually(
                "the gateway knows the bot", read: { try await gateway.get("/get_status").status }, until: { $0 == 200 }
            )
        }
    }

    @Test("a change that was missed is made up for by a snapshot")
    func gap() async throws {
        try await GatewayHarness.run(bots: []) { gateway async throws in
            _ = try await BusResponder.bot(SelfID(5), at: gateway.broker) { _ in ByteBuffer(string: #"{"retcode":0}"#) }
            gateway.registry.snapshot = PresenceSnapshot(
                registryEpoch: 1, sequence: 9, edges: [gateway.edge], clients: [], bots: [.fixture(5, at: gateway.edge)]
            )
            try await gateway.registry.publish(
                PresenceChange(kind: .edgeUp, registryEpoch: 1, sequence: 9, edge: gateway.edge))
            try await eventually(
                "the gateway knows the bot", read: { try await gateway.get("/get_status").status }, until: { $0 == 200 }
            )
        }
    }

    // MARK: Our own actions

    @Test("ports are leased and clients listed here, by GET and POST")
    func ownActions() async throws {
        try await GatewayHarness.run { gateway async throws in
            gateway.registry.answer(.leasePort, RegistryAPI.LeasePort.self) { wish in
                RegistryAPI.PortGrant(
                    port: 8100, host: wish.edgeID ?? "h", url: "ws://h:8100/", appID: "a", clientToken: "t",
                    expiresIn: 15)
            }
            let port = try await gateway.get("/api/get_ws_port?edge=e9&self_id=10001")
            #expect(port.status == 200)
            #expect(port.data?["port"]?.int64 == 8100)
            #expect(port.data?["host"]?.string == "e9")
            #expect(try await gateway.post("/get_ws_port", #"{"edge":"e8"}"#).data?["host"]?.string == "e8")
            #expect(try await gateway.get("/api/get_online_clients").data?["clients"]?.array?.count == 0)
        }
    }

    @Test("the list of clients is a bare array where that is set")
    func shape() async throws {
        try await GatewayHarness.run([("api.online_clients_shape", "array")]) { gateway async throws in
            #expect(try await gateway.get("/api/get_online_clients").json?["data"]?.array?.count == 0)
        }
    }

    @Test("a well-formed call with a bad value is 200 and 1400")
    func badValue() async throws {
        try await GatewayHarness.run { gateway async throws in
            let answer = try await gateway.get("/api/get_ws_port?self_id=ten")
            #expect(answer.status == 200)
            #expect(answer.retcode == 1400)
        }
    }

    @Test(
        "set_restart is answered at once, with and without OneBot's suffixes",
        arguments: ["set_restart", "set_restart_async", "set_restart_rate_limited"])
    func restart(_ action: String) async throws {
        try await GatewayHarness.run { gateway async throws in
            let bot = try await BusResponder.bot(SelfID(10001), at: gateway.broker) { _ in ByteBuffer(string: "{}") }
            let answer = try await gateway.form("/api/\(action)", "delay=1")
            #expect(answer.status == 200)
            #expect(answer.retcode == 1)
            #expect(answer["status"] == "async")
            let delivery = try await bot.delivery("the bot was asked to restart")
            #expect(try Action(parsing: delivery.body).name == "set_restart")
        }
    }

    @Test("an action in a client's name goes to that client's edge, without who it is")
    func perform() async throws {
        try await GatewayHarness.run { gateway async throws in
            let client = OnlineClient.fixture("a", at: gateway.edge, session: 42)
            gateway.registry.answer(.identify, RegistryAPI.Identify.self) { _ in client }
            gateway.performs(.failed(.conflict, "taken by b"))
            let headers: HTTPHeaders = ["X-Client-Token": "t0ken", "X-Client-ID": "other"]
            let answer = try await gateway.post(
                "/api/set_client_name", #"{"name":"Ann","app_id":"x"}"#, headers: headers)
            #expect(answer.status == 200)
            #expect(answer.retcode == 1409)
            let asked = try gateway.registry.questions(.identify, RegistryAPI.Identify.self)
            #expect(asked.map(\.clientToken) == ["t0ken"])
            #expect(asked.map(\.appID) == [nil])
            let performed = try gateway.performed()
            #expect(performed.map(\.sessionID) == [42])
            #expect(performed.map(\.appID) == ["a"])
            #expect(performed.map(\.action) == ["set_client_name"])
            #expect(performed.map(\.params) == [#"{"name":"Ann"}"#])
        }
    }

    @Test("a caller says who it is by parameter, too, and on loopback its address may do")
    func identities() async throws {
        try await GatewayHarness.run { gateway async throws in
            let client = OnlineClient.fixture("a", at: gateway.edge)
            gateway.registry.answer(.identify, RegistryAPI.Identify.self) { _ in client }
            gateway.performs(.ok())
            _ = try await gateway.post("/set_client_name?client_token=t1", #"{"name":"n"}"#)
            _ = try await gateway.form("/set_client_name", "name=n&client_token=t2")
            _ = try await gateway.post("/set_client_name", #"{"name":"n","app_id":"a3"}"#)
            _ = try await gateway.post("/set_client_name", #"{"name":"n"}"#, headers: ["X-Client-ID": "a4"])
            _ = try await gateway.post("/set_client_name", #"{"name":"n"}"#)
            let asked = try gateway.registry.questions(.identify, RegistryAPI.Identify.self)
            #expect(asked.map(\.clientToken) == ["t1", "t2", nil, nil, nil])
            #expect(asked.map(\.appID) == [nil, nil, "a3", "a4", nil])
            #expect(asked.map(\.address) == [nil, nil, nil, nil, "127.0.0.1"])
            #expect(try gateway.performed().map(\.params) == Array(repeating: #"{"name":"n"}"#, count: 5))
        }
    }

    @Test(
        "a caller nobody knows is 401 and told what to send",
        arguments: [["X-Forwarded-For": "10.0.0.1"], ["Forwarded": "for=10.0.0.1"]] as [HTTPHeaders])
    func unknownCaller(_ headers: HTTPHeaders) async throws {
        try await GatewayHarness.run { gateway async throws in
            let answer = try await gateway.post("/api/send_broadcast_data", #"{"data":"x"}"#, headers: headers)
            #expect(answer.status == 401)
            #expect(answer.retcode == 1401)
            #expect(answer["msg"]?.contains("X-Client-Token") == true)
        }
    }

    @Test("a wrong client token is 401, whoever else calls from there")
    func wrongClientToken() async throws {
        try await GatewayHarness.run { gateway async throws in
            gateway.registry.answer(.identify, RegistryAPI.Identify.self) { asked -> OnlineClient in
                #expect(asked.address == nil)
                throw RPC.Failure(.unauthorized, "No client has that client_token.")
            }
            let answer = try await gateway.post(
                "/set_client_name", #"{"name":"n"}"#, headers: ["X-Client-Token": "wrong"])
            #expect(answer.status == 401)
            #expect(!answer.body.contains("wrong"))
        }
    }

    @Test("without a registry our own actions are 503")
    func registryAway() async throws {
        try await GatewayHarness.run { gateway async throws in
            await gateway.registry.close()
            #expect(try await gateway.get("/api/get_online_clients").status == 503)
            #expect(try await gateway.post("/set_client_name", #"{"name":"n"}"#).status == 503)
        }
    }

    // MARK: The door

    @Test(
        "nothing but GET and POST of an action leads anywhere",
        arguments: ["/", "/api/", "/a/b", "/send%5Fmsg", "/api/x-y"])
    func unknownPaths(_ path: String) async throws {
        try await GatewayHarness.run { gateway async throws in
            let answer = try await gateway.get(path)
            #expect(answer.status == 404)
            #expect(answer.retcode == 1404)
            #expect(try await FakeHTTP.request(.DELETE, gateway.url + "/send_msg").status == 404)
        }
    }

    @Test("a bot's answer that could not be read is 502")
    func unreadableAnswer() async throws {
        try await GatewayHarness.run { gateway async throws in
            _ = try await BusResponder.bot(SelfID(10001), at: gateway.broker) { _ in
                Response.failed(.unreadableAnswer, "m").encoded(echo: nil)
            }
            #expect(try await gateway.post("/send_msg", "{}").status == 502)
        }
    }

    @Test(
        "with a token configured every action asks for it",
        arguments: [
            "/api/get_ws_port", "/api/get_online_clients", "/api/set_client_name", "/api/send_broadcast_data",
            "/api/send_broadcast_data_callback", "/api/set_restart", "/send_msg", "/no/such/path",
        ])
    func accessToken(_ path: String) async throws {
        try await GatewayHarness.run([("access_token", "s3cret")]) { gateway async throws in
            let missing = try await gateway.get(path)
            #expect(missing.status == 401)
            #expect(missing.retcode == 1401)
            #expect(missing.headers.first(name: "WWW-Authenticate") == "Bearer")
            let wrong = try await gateway.post(path, "{}", headers: ["Authorization": "Bearer wrong"])
            #expect(wrong.status == 403)
            #expect(wrong.retcode == 1403)
            #expect(!wrong.body.contains("s3cret"))
        }
    }

    @Test("the token opens, in header and query; health checks need none")
    func tokenOpens() async throws {
        try await GatewayHarness.run([("access_token", "s3cret")]) { gateway async throws in
            for value in ["Bearer s3cret", "Token s3cret", "s3cret"] {
                #expect(
                    try await gateway.get("/api/get_online_clients", headers: ["Authorization": value]).status == 200)
            }
            #expect(try await gateway.get("/api/get_online_clients?access_token=s3cret").status == 200)
            #expect(try await gateway.get("/health/live").status == 200)
            #expect(try await gateway.get("/health/ready").status == 200)
        }
    }

    @Test("with api.open_discovery the original's Java client gets its port and list without a token")
    func openDiscovery() async throws {
        try await GatewayHarness.run([("access_token", "s3cret"), ("api.open_discovery", "true")]) {
            gateway async throws in
            #expect(try await gateway.get("/api/get_online_clients").status == 200)
            #expect(try await gateway.post("/api/set_client_name", "{}").status == 401)
        }
    }
}
