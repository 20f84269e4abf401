import CLibcrypto
import NIOCore

/// `X-Signature`: by it a receiver knows that an event comes from who has the secret (OneBot 11, HTTP POST,
/// "signature").
enum WebhookSignature {
    static let header = "X-Signature"

    /// `sha1=` and the HMAC-SHA1 of exactly those bytes, in lower-case hexadecimal digits.
    static func value(of body: ByteBuffer, secret: String) -> String {
        guard let code = code(of: body, key: Array(secret.utf8)) else {
            preconditionFailure("libcrypto makes no HMAC-SHA1: the settings refuse a webhook's secret then.")
        }
        let digits = Array("0123456789abcdef".utf8)
        var text = Array("sha1=".utf8)
        for byte in code {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0xF)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether libcrypto, as it is configured here, makes such a code.
    static let isAvailable = code(of: ByteBuffer(), key: [0]) != nil

    /// By the system's libcrypto, which comes along with librabbitmq in any case: a package for this would be a second
    /// BoringSSL to compile.
    private static func code(of body: ByteBuffer, key: [UInt8]) -> [UInt8]? {
        _ = preparation
        let code = [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { code, count in
            var length: UInt32 = 0
            let made = body.withUnsafeReadableBytes { body in
                HMAC(
                    EVP_sha1(), key, Int32(key.count), body.bindMemory(to: UInt8.self).baseAddress, body.count,
                    code.baseAddress, &length)
            }
            count = made == nil ? 0 : Int(length)
        }
        return code.isEmpty ? nil : code
    }

    /// By default libcrypto frees what it holds when the process exits, while other threads may still sign.
    private static let preparation = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
}
