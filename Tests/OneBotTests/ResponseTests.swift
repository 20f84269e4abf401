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

    @Test("unavailable says when to come back, in milliseconds")
    func unavailable() {
        #expect(
            String(buffer: Response.unavailable("Away.", retryAfter: .milliseconds(2_500)).encoded(echo: nil))
                == #"{"status":"failed","retcode":1503,"data":{"retry_after_ms":2500},"msg":"Away.","wording":"Away."}"#
        )
    }
}
