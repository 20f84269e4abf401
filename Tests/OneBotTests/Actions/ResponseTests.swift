import NIOCore
import Testing

@testable import OneBot

@Suite("Response")
struct ResponseTests {
    @Test("the envelope is OneBot's, with msg only where the action failed and echo only where there was one")
    func envelope() {
        #expect(String(buffer: Response.ok().encoded(echo: nil)) == #"{"status":"ok","retcode":0,"data":null}"#)
        #expect(
            String(buffer: Response.ok(ByteBuffer(string: #"{"uuid":"u"}"#)).encoded(echo: ByteBuffer(string: "[1]")))
                == #"{"status":"ok","retcode":0,"data":{"uuid":"u"},"echo":[1]}"#)
        #expect(
            String(buffer: Response.async.encoded(echo: ByteBuffer(string: "null")))
                == #"{"status":"async","retcode":1,"data":null,"echo":null}"#)
        #expect(
            String(buffer: Response.failed(.conflict, "Taken by \"a\".").encoded(echo: nil))
                == #"{"status":"failed","retcode":1409,"data":null,"msg":"Taken by \"a\".","wording":"Taken by \"a\"."}"#
        )
    }

    static let reasons: [(FailureReason, retcode: Int, data: String)] = [
        (.tooLarge, 1413, "null"), (.answerTooLarge, 1413, #"{"carried_out":"unknown"}"#),
        (.unreadableAnswer, 1502, #"{"carried_out":"unknown"}"#),
        (.unavailable(.no(retryAfter: .milliseconds(2_500))), 1503, #"{"carried_out":"no","retry_after_ms":2500}"#),
        (.unavailable(.unknown), 1503, #"{"carried_out":"unknown"}"#),
        (.timedOut(.no()), 1504, #"{"carried_out":"no","retry_after_ms":1000}"#),
        (.timedOut(.unknown), 1504, #"{"carried_out":"unknown"}"#),
        (.rateLimited(retryAfter: .seconds(2)), 1429, #"{"carried_out":"no","retry_after_ms":2000}"#),
        (
            .rateLimited(retryAfter: .seconds(2), queuePosition: 3), 1429,
            #"{"carried_out":"no","retry_after_ms":2000,"queue_position":3}"#
        ),
    ]

    @Test("whether the action may be sent again is said, and when only where it may", arguments: reasons)
    func carriedOut(_ reason: FailureReason, _ retcode: Int, _ data: String) {
        #expect(
            String(buffer: Response.failed(reason, "m").encoded(echo: nil))
                == #"{"status":"failed","retcode":\#(retcode),"data":\#(data),"msg":"m","wording":"m"}"#)
    }
}
