import Crypto
import Foundation
import NIOCore

/// `X-Signature`: by it a receiver knows that an event comes from who has the secret (OneBot 11, HTTP POST, "signature").
enum WebhookSignature {
    static let header = "X-Signature"

    /// `sha1=` and the HMAC-SHA1 of exactly those bytes, in small hexadecimal digits.
    static func value(of body: ByteBuffer, secret: String) -> String {
        var code = HMAC<Insecure.SHA1>(key: SymmetricKey(data: Array(secret.utf8)))
        body.withUnsafeReadableBytes { code.update(data: $0) }
        let digits = Array("0123456789abcdef".utf8)
        var text = Array("sha1=".utf8)
        for byte in code.finalize() {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0xF)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
