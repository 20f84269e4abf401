import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import OneBot

/// Answers what is no HTTP request with a sentence; Hummingbird alone would answer with a 400 that says nothing. The
/// handler stands behind the codec of each connection.
final class UnreadableRequest: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How many requests have answers that are not yet written. While there are any, an answer of ours would land in
    /// the middle of one of theirs.
    private var unanswered = 0
    /// Our answer is written. What comes after that is of no use, and must not end the connection before the answer has
    /// gone.
    private var isDone = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) { unanswered += 1 }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unanswered -= 1 }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isDone { return }
        guard let error = error as? HTTPParserError, unanswered == 0 else { return context.fireErrorCaught(error) }
        isDone = true
        let reply = OneBotReply.refusal(.badRequest, Self.message(for: error))
        let head = HTTPResponse(
            status: .init(code: reply.status),
            headerFields: [
                .contentType: reply.contentType, .contentLength: "\(reply.body.readableBytes)", .connection: "close",
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(reply.body)), promise: nil)
        let written = context.eventLoop.makePromise(of: Void.self)
        // Closing with unread bytes would reset the connection and might take the answer away from the peer.
        written.futureResult.assumeIsolated().whenSuccess { context.close(mode: .output, promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(500)) { context.close(promise: nil) }
    }

    private static func message(for error: HTTPParserError) -> String {
        error == .invalidURL
            ? "The address has no path: write the / before the ?, as in http://HOST:PORT/ACTION?access_token=TOKEN."
            : "This is no HTTP request."
    }
}
