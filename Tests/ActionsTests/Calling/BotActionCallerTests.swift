import Bus
import Contracts
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import Actions

@Suite(.timeLimit(.minutes(1))) struct BotActionCallerTests {
    private func call(
        _ name: String, _ params: String?, at harness: ActionsHarness, of bot: Int64 = 10001
    ) async throws -> String {
        let params = try params.map { try JSONObject(ByteBuffer(string: $0)) }
        return String(buffer: await harness.dispatcher.bots.call(Action(name: name, params: params), of: SelfID(bot)))
    }

    @Test("parameters and answer pass byte for byte")
    func bytes() async throws {
        let harness = try await ActionsHarness()
        let said = #"{ "retcode" : 0 , "status":"ok", "data":{"n":12345678901234567890} }"#
        let bot = try await BusResponder.bot(SelfID(10001), at: harness.broker) { _ in ByteBuffer(string: said) }
        #expect(try await call("send_msg", #"{ "user_id": 9007199254740993, "b":[1, 2] }"#, at: harness) == said)
        let delivery = try #require(bot.deliveries.first)
        #expect(String(buffer: delivery.body).contains(#"{ "user_id": 9007199254740993, "b":[1, 2] }"#))
        #expect(try Action(parsing: delivery.body).name == "send_msg")
        #expect(delivery.properties.type == "action")
        #expect(delivery.properties.messageID != nil)
        #expect(delivery.properties.expiration == .seconds(61))
    }

    @Test("two calls are two messages: no message_id comes twice")
    func messageIDs() async throws {
        let harness = try await ActionsHarness()
        let bot = try await BusResponder.bot(SelfID(10001), at: harness.broker) { _ in ByteBuffer(string: "{}") }
        for _ in 0..<2 { _ = try await call("get_status", nil, at: harness) }
        #expect(Set(bot.deliveries.map(\.properties.messageID)).count == 2)
    }

    @Test("a bot nobody holds is 1503 at once and says which")
    func notConnected() async throws {
        let harness = try await ActionsHarness()
        let response = try JSONObject(ByteBuffer(string: try await call("get_status", nil, at: harness, of: 7)))
        #expect(response["retcode"]?.int64 == 1503)
        #expect(response["msg"]?.string?.contains("bot 7 is not connected") == true)
        #expect(response["data"]?.object?["retry_after_ms"] != nil)
        #expect(response["data"]?.object?["carried_out"]?.string == "no")
    }

    @Test(
        "each failure of the bus is a response that says whether it may have been carried out",
        arguments: [
            (MessageBusError.timedOut("x"), 1504, true), (.disconnected, 1503, true), (.closed, 1503, true),
            (.unroutable("x"), 1503, false), (.unreachable("away."), 1503, false),
        ])
    func failures(_ error: MessageBusError, _ retcode: Int, _ isUncertain: Bool) {
        let response = BotActionCaller.response(to: error, action: "send_msg", bot: SelfID(1))
        #expect(response.status == .failed)
        #expect(response.retcode.rawValue == retcode)
        #expect(response.message?.contains("may have been carried out") == isUncertain)
        let data = response.data.map { String(buffer: $0) }
        #expect(data == (isUncertain ? #"{"carried_out":"unknown"}"# : #"{"carried_out":"no","retry_after_ms":1000}"#))
        #expect(response.message?.hasPrefix("send_msg") == true)
    }
}
