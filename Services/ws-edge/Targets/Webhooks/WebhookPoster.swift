import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import OneBot

/// Makes and sends the requests of one webhook for one bot (OneBot 11, HTTP POST).
struct WebhookPoster: Sendable {
    let client: HTTPClient
    let bot: SelfID
    let secret: String?
    let timeout: TimeAmount
    /// The request without its body and signature.
    private let request: HTTPClient.Request

    /// Says, from the second attempt on, which one it is. The receiver may have seen the event.
    static let attemptHeader = "X-Perpetua-Attempt"

    /// - Throws: where the URL is none; settings are checked for that.
    init(client: HTTPClient, webhook: WebhookConfiguration, bot: SelfID) throws {
        self.client = client
        self.bot = bot
        secret = webhook.secret
        timeout = TimeAmount(webhook.timeout)
        var request = try HTTPClient.Request(url: webhook.url, method: .POST)
        request.headers = [
            "Content-Type": "application/json", "User-Agent": "OneBot", "X-Self-ID": "\(bot)",
        ]
        if let credentials = Self.credentials(in: request.url) {
            request.headers.add(name: "Authorization", value: "Basic \(credentials)")
        }
        self.request = request
    }

    /// Posts an event, exactly these bytes. The task's future completes on that loop, with an answer or why there is
    /// none.
    func post(_ text: ByteBuffer, attempt: Int, on eventLoop: any EventLoop) -> HTTPClient.Task<WebhookAnswer> {
        var request = request
        request.body = .byteBuffer(text)
        if let secret {
            request.headers.add(
                name: WebhookSignature.header, value: WebhookSignature.value(of: text, secret: secret))
        }
        if attempt > 1 { request.headers.add(name: Self.attemptHeader, value: "\(attempt)") }
        return client.execute(
            request: request, delegate: WebhookAnswerCollector(on: eventLoop),
            eventLoop: .delegateAndChannel(on: eventLoop), deadline: .now() + timeout)
    }

    private static func credentials(in url: URL) -> String? {
        guard let user = url.user(percentEncoded: false) else { return nil }
        return Data("\(user):\(url.password(percentEncoded: false) ?? "")".utf8).base64EncodedString()
    }
}
