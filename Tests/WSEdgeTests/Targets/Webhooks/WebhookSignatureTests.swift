import NIOCore
import Testing

@testable import WSEdge

@Suite("A webhook's X-Signature")
struct WebhookSignatureTests {
    /// RFC 2202, test case 2, and two that Python's `hmac` computed.
    @Test(
        "it is the HMAC-SHA1 of the exact bytes",
        arguments: [
            ("Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            ("\u{7F}\u{7F}\u{7F}", "", "0c824470d22292783c837f559fb11361159b5495"),
            (
                "s\u{E9}cret", #"{ "post_type":"message","message":"\u4f60\u597d" }"#,
                "d1f08903263695f6d8d8e6ff4d1cecea95db756d"
            ),
        ])
    func vectors(secret: String, body: String, expected: String) {
        #expect(WebhookSignature.value(of: ByteBuffer(string: body), secret: secret) == "sha1=\(expected)")
    }
}
