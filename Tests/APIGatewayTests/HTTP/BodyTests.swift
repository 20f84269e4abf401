import Bus
import NIOCore
import NIOHTTP1
import OneBot
import TestSupport
import Testing

@testable import APIGateway

@Suite("Bodies of requests", .timeLimit(.minutes(1))) struct BodyTests {
    @Test("a content type that is not read is 406, a broken body 400")
    func bodies() async throws {
        try await GatewayHarness.run { gateway async throws in
            let text = try await FakeHTTP.request(
                .POST, gateway.url + "/send_msg", headers: ["Content-Type": "text/plain"], body: "hi")
            #expect(text.status == 406)
            #expect(text.retcode == 1406)
            let missing = try await FakeHTTP.request(.POST, gateway.url + "/send_msg", body: "hi")
            #expect(missing.status == 406)
            for body in ["{", "[]", "null"] {
                let broken = try await gateway.post("/send_msg", body)
                #expect(broken.status == 400)
                #expect(broken.retcode == 1400)
            }
            #expect(try await gateway.form("/send_msg", "a=%zz").status == 400)
            #expect(try await gateway.get("/send_msg?a=%zz").status == 400)
        }
    }

    @Test("curl -d '{…}' is understood, and so are a plain text and a missing content type; the query completes it")
    func unlabelled() async throws {
        try await GatewayHarness.run(bots: [10001, 2]) { gateway async throws in
            let bot = try await BusResponder.bot(SelfID(10001), at: gateway.broker) { _ in ByteBuffer(string: "{}") }
            let body = #"{"group_id":20002,"message":"a+b&c=%20"}"#
            let url = gateway.url + "/send_group_msg?self_id=10001&group_id=5"
            for type in ["application/x-www-form-urlencoded", "text/plain;charset=UTF-8", nil] {
                let headers = HTTPHeaders(type.map { [("Content-Type", $0)] } ?? [])
                #expect(try await FakeHTTP.request(.POST, url, headers: headers, body: body).status == 200)
            }
            let params = try bot.deliveries.map { try Action(parsing: $0.body).params.map { String(buffer: $0.bytes) } }
            let whole = #"{"group_id":20002,"message":"a+b&c=%20","self_id":10001}"#
            #expect(params == [whole, whole, whole])
            let broken = try await gateway.form("/send_group_msg", #"{"group_id":}"#)
            #expect(broken.status == 400)
            #expect(broken["msg"]?.contains("Content-Type") == true)
        }
    }

    @Test("a body over the limit is 413, declared or not")
    func largeBody() async throws {
        try await GatewayHarness.run([("api.max_body_size", "1KiB")]) { gateway async throws in
            _ = try await BusResponder.bot(SelfID(10001), at: gateway.broker) { _ in ByteBuffer(string: "{}") }
            let fits = #"{"m":"\#(String(repeating: "x", count: 1016))"}"#
            #expect(fits.utf8.count == 1024)
            #expect(try await gateway.post("/send_msg", fits).status == 200)
            let over = try await gateway.post("/send_msg", fits + " ")
            #expect(over.status == 413)
            #expect(over.retcode == 1413)
        }
    }

    @Test("a body that holds half an emoji goes to the bot as it is; one that is no JSON is 400")
    func oddBody() async throws {
        try await GatewayHarness.run { gateway async throws in
            let bot = try await BusResponder.bot(SelfID(10001), at: gateway.broker) { _ in
                ByteBuffer(string: #"{"status":"ok","retcode":0,"data":"\ud83d"}"#)
            }
            let answer = try await gateway.post("/send_msg", #"{"message":"\ud83d","n":1e999}"#)
            #expect(answer.status == 200)
            #expect(answer.body.contains(#""data":"\ud83d""#))
            let frames = bot.deliveries.map { String(buffer: $0.body) }
            #expect(frames == [#"{"action":"send_msg","params":{"message":"\ud83d","n":1e999}}"#])
            #expect(try await gateway.post("/send_msg", #"{"message":NaN}"#).status == 400)
        }
    }
}
