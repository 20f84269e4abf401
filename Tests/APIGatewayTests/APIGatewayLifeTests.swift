import Bus
import Contracts
import NIOCore
import NIOHTTP1
import NIOPosix
import Observability
import OneBot
import TestSupport
import Testing

@testable import APIGateway

@Suite("How the gateway starts, says how it is, and stops", .timeLimit(.minutes(1))) struct APIGatewayLifeTests {
    @Test("metrics are for those who show the token, health checks for everyone")
    func metrics() async throws {
        try await GatewayHarness.run([("access_token", "secret")], metrics: MetricsPage { "a 1\n" }) {
            gateway async throws in
            #expect(try await gateway.get("/metrics").status == 401)
            #expect(try await gateway.get("/metrics?access_token=wrong").status == 403)
            let answer = try await gateway.get("/metrics", headers: ["Authorization": "Bearer secret"])
            #expect(answer.status == 200)
            #expect(answer.body == "a 1\n")
            #expect(try await gateway.get("/health/ready").status == 200)
        }
    }

    @Test("X-Priority goes along to the bot's edge; one that is none is 400, and nothing is called")
    func priority() async throws {
        try await GatewayHarness.run { gateway in
            let bot = try await BusResponder.bot(SelfID(10001), at: gateway.broker) { _ in ByteBuffer(string: "{}") }
            #expect(try await gateway.get("/send_msg", headers: ["X-Priority": "9"]).status == 200)
            #expect(try await gateway.get("/send_msg").status == 200)
            for wrong in ["10", "-1", "high", ""] {
                let answer = try await gateway.get("/send_msg", headers: ["X-Priority": wrong])
                #expect(answer.status == 400)
                #expect(answer.retcode == 1400)
            }
            #expect(bot.deliveries.map(\.properties.priority) == [9, nil])
        }
    }

    @Test("an action keeps the traceparent it came with, and gets one where it has none that is right")
    func trace() async throws {
        try await GatewayHarness.run { gateway in
            let bot = try await BusResponder.bot(SelfID(10001), at: gateway.broker) { _ in ByteBuffer(string: "{}") }
            let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            _ = try await gateway.get("/get_status", headers: ["Traceparent": text])
            _ = try await gateway.get("/get_status", headers: ["Traceparent": "nonsense"])
            _ = try await gateway.get("/get_status")
            let traces = bot.deliveries.map(\.properties.trace)
            #expect(traces.first == TraceParent(text))
            #expect(Set(traces.compactMap { $0 }).count == 3)
            #expect(bot.deliveries.allSatisfy { $0.properties.appID == "api-gateway" })
        }
    }

    @Test("readiness says why not")
    func readiness() async throws {
        try await GatewayHarness.run(checks: [{ nil }, { Impairment(.unavailable, "The \"edge\" is draining.") }]) {
            gateway async throws in
            let answer = try await gateway.get("/health/ready")
            #expect(answer.status == 503)
            #expect(answer.json?["reasons"]?.array?.compactMap(\.string) == ["The \"edge\" is draining."])
            #expect(try await gateway.get("/health/live").body == #"{"status":"ok"}"#)
            #expect(try await FakeHTTP.request(.HEAD, gateway.url + "/health/ready").status == 503)
        }
    }

    @Test("a port that is taken is said in words")
    func portTaken() async throws {
        let taken = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(
            host: "127.0.0.1", port: 0
        ).get()
        let port = try #require(taken.localAddress?.port)
        let error = await #expect(throws: APIGatewayError.self) {
            try await GatewayHarness.run([("api.port", "\(port)")]) { _ in }
        }
        #expect(error?.description.contains("127.0.0.1:\(port)") == true)
        #expect(error?.description.contains("api.port") == true)
        try await taken.close()
    }

    @Test("a stopping gateway finishes what is in flight and takes nothing new")
    func finishes() async throws {
        try await GatewayHarness.run { gateway async throws in
            let bot = try await BusResponder.bot(SelfID(10001), at: gateway.broker)
            async let answer = gateway.get("/slow")
            let asked = try await bot.delivery("the bot was asked")
            await gateway.stop()
            try await eventually("nobody is let in") {
                do {
                    _ = try await gateway.get("/health/live")
                    return false
                } catch {
                    return true
                }
            }
            bot.reply(to: asked, ByteBuffer(string: #"{"retcode":0}"#))
            #expect(try await answer.body == #"{"retcode":0}"#)
        }
    }

    @Test("what is in flight at the end of api.drain_time is answered: it may have been carried out")
    func drainTime() async throws {
        try await GatewayHarness.run([("api.drain_time", "0s")]) { gateway async throws in
            let bot = try await BusResponder.bot(SelfID(10001), at: gateway.broker)
            async let answer = gateway.get("/slow")
            _ = try await bot.delivery("the bot was asked")
            await gateway.stop()
            #expect(try await answer.status == 503)
            #expect(try await answer["msg"]?.contains("may have been carried out") == true)
        }
    }
}
