import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// What a receiver answered.
struct WebhookAnswer: Sendable {
    var status = 0
    /// `nil` where it was longer than ``maxBodyBytes``.
    var body: ByteBuffer? = ByteBuffer()

    /// More than any quick operation needs.
    static let maxBodyBytes = 1 << 20
}

/// Puts an answer together.
///
/// `@unchecked Sendable`: it is called on the loop of its request only.
final class WebhookAnswerCollector: HTTPClientResponseDelegate, @unchecked Sendable {  // confined to its loop
    private let eventLoop: any EventLoop
    private var answer = WebhookAnswer()

    init(on eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func didReceiveHead(task: HTTPClient.Task<WebhookAnswer>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        answer.status = Int(head.status.code)
        return eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<WebhookAnswer>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        if let body = answer.body, body.readableBytes + buffer.readableBytes > WebhookAnswer.maxBodyBytes {
            answer.body = nil
        }
        answer.body?.writeImmutableBuffer(buffer)
        return eventLoop.makeSucceededVoidFuture()
    }

    func didFinishRequest(task: HTTPClient.Task<WebhookAnswer>) -> WebhookAnswer { answer }
}
