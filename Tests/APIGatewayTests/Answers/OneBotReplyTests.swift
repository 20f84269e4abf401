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
        "a bot's answer passes byte for byte; 1400, 1401, 1403, 1404 and 404 set the status",
        arguments: [
            (#"{"status":"ok","retcode":0,"data":{}}"#, 200), (#"{ "retcode":1404 }"#, 404),
            (#"{"retcode":1400}"#, 400),
            (#"{"retcode":404}"#, 404), (#"{"retcode":1401}"#, 401), (#"{"retcode":1403}"#, 403),
            (#"{"retcode":100,"status":"failed"}"#, 200),
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

    @Test(
        "with api.failed_status 200 only what is wrong with the request itself keeps its status",
        arguments: [
            (FailureReason.badRequest, 400), (.unauthorized, 401), (.forbidden, 403), (.notFound, 404),
            (.tooLarge, 413),
            (.rateLimited(retryAfter: .seconds(1)), 200), (.unreadableAnswer, 200), (.unavailable(.no()), 200),
            (.timedOut(.unknown), 200),
        ])
    func failedStatus(_ reason: FailureReason, _ status: Int) {
        let reply = OneBotReply.bot(Response.failed(reason, "m").encoded(echo: nil))
        #expect(reply.failing(with: .ok).status == status)
        #expect(reply.failing(with: .byRetcode).status == reason.retcode.rawValue - 1000)
        #expect(reply.failing(with: .ok).retryAfter == reply.retryAfter)
        #expect(reply.failing(with: .ok).body == reply.body)
    }

    @Test("Retry-After is there where the action may be sent again, in whole seconds, rounded up")
    func retryAfter() {
        #expect(OneBotReply.own(.failed(.unavailable(.no(retryAfter: .milliseconds(1))), "m")).retryAfter == 1)
        #expect(OneBotReply.own(.failed(.rateLimited(retryAfter: .milliseconds(2001)), "m")).retryAfter == 3)
        #expect(OneBotReply.own(.failed(.unavailable(.unknown), "m")).retryAfter == nil)
        #expect(OneBotReply.own(.failed(.notFound, "m")).retryAfter == nil)
        for value in ["0", "-5", #""5""#, "null", "1.5"] {
            let body = ByteBuffer(string: #"{"retcode":1503,"data":{"retry_after_ms":\#(value)}}"#)
            #expect(OneBotReply.bot(body).retryAfter == nil)
        }
        let longest = ByteBuffer(string: #"{"retcode":1503,"data":{"retry_after_ms":9223372036854775807}}"#)
        #expect(OneBotReply.bot(longest).retryAfter == 9_223_372_036_854_776)
    }
}
