import NIOCore
import NIOHTTP1
import OneBot
import WebSocketTransport

/// Makes the requests of one webhook for one bot (OneBot 11, HTTP POST).
struct WebhookPoster: Sendable {
    let address: HTTPPoster.Address
    let timeout: TimeAmount
    private let secret: String?
    /// Those that all requests have.
    private let headers: HTTPHeaders

    /// Says, from the second attempt on, which one it is. The receiver may have seen the event.
    static let attemptHeader = "X-Perpetua-Attempt"

    /// - Throws: where the URL is none; settings are checked for that.
    init(webhook: WebhookConfiguration, bot: SelfID) throws {
        address = try HTTPPoster.Address(webhook.url)
        timeout = TimeAmount(webhook.timeout)
        secret = webhook.secret
        headers = ["Content-Type": "application/json", "User-Agent": "OneBot", "X-Self-ID": "\(bot)"]
    }

    /// The headers of a request with exactly this body.
    func headers(of text: ByteBuffer, attempt: Int) -> HTTPHeaders {
        var headers = headers
        if let secret {
            headers.add(name: WebhookSignature.header, value: WebhookSignature.value(of: text, secret: secret))
        }
        if attempt > 1 { headers.add(name: Self.attemptHeader, value: "\(attempt)") }
        return headers
    }
}
