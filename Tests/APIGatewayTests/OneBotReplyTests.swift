import NIOCore
import OneBot
import Testing

@testable import APIGateway

@Suite struct OneBotReplyTests {
    @Test(
        "what the door refuses has the status of its retcode",
        arguments: [
            (FailureReason.badRequest, 400), (.unauthorized, 401), (.forbidden, 403), (.notFound, 404),
            (.notAcceptable, 406), (.tooLarge, 413),
        ])
    func refusals(_ reason: FailureReason, _ status: Int) {
        #expect(OneBotReply.refusal(reason, "no").status == status)
    }

    @Test(
        "an action of ours that fails is 200, but for what a caller or a load balancer must see",
        arguments: [
            (FailureReason.badRequest, 200), (.notFound, 200), (.conflict, 200), (.unauthorized, 401),
            (.forbidden, 403), (.tooLarge, 413), (.rateLimited(retryAfter: .seconds(1)), 429),
            (.unavailable(.no()), 503), (.timedOut(.unknown), 504),
        ])
    func own(_ reason: FailureReason, _ status: Int) {
        let response = Response.failed(reason, "no")
        #expect(OneBotReply.own(response).status == status)
        #expect(OneBotReply.own(encoded: response.encoded(echo: nil)).status == status)
    }

    @Test("ok and async are 200")
    func done() {
        #expect(OneBotReply.own(.ok()).status == 200)
        #expect(OneBotReply.own(.async).status == 200)
        #expect(String(buffer: OneBotReply.own(.async).body) == #"{"status":"async","retcode":1,"data":null}"#)
    }

    @Test(
        "a bot's answer passes byte for byte; 1400, 1401, 1403 and 1404 set the status",
        arguments: [
            (#"{"status":"ok","retcode":0,"data":{}}"#, 200), (#"{ "retcode":1404 }"#, 404),
            (#"{"retcode":1400}"#, 400),
            (#"{"retcode":1401}"#, 401), (#"{"retcode":1403}"#, 403), (#"{"retcode":100,"status":"failed"}"#, 200),
            (#"{"retcode":1406}"#, 200), (#"{"retcode":1500}"#, 200), (#"{"retcode":"1404"}"#, 200),
            (#"{"retcode":null}"#, 200),
            ("{}", 200), (#"{"retcode":9223372036854775807}"#, 200), (#"{"retcode":1503}"#, 503),
            (#"{"retcode":1504}"#, 504),
        ])
    func bot(_ body: String, _ status: Int) {
        let reply = OneBotReply.bot(ByteBuffer(string: body))
        #expect(reply.status == status)
        #expect(String(buffer: reply.body) == body)
    }
}
