import Logging
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// The HTTP phase of an accepted connection: reads one request and turns the connection into a WebSocket, or refuses
/// and closes.
final class UpgradeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    typealias Decoder = ByteToMessageHandler<HTTPRequestDecoder>

    private enum Phase {
        case awaitingHead
        case awaitingEnd(HTTPRequestHead)
        /// An answer is being sent, or was; nothing more is read.
        case answered
    }

    private let server: WebSocketServer.Behaviour
    private let encoder: HTTPResponseEncoder
    private let decoder: Decoder
    private var phase = Phase.awaitingHead
    private var deadline: Scheduled<Void>?

    init(server: WebSocketServer.Behaviour, encoder: HTTPResponseEncoder, decoder: Decoder) {
        self.server = server
        self.encoder = encoder
        self.decoder = decoder
    }

    func handlerAdded(context: ChannelHandlerContext) { closeChannel(of: context, in: server.options.upgradeTimeout) }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (phase, unwrapInboundIn(data)) {
        case (.awaitingHead, .head(let head)):
            switch UpgradeAnswer(to: head, advice: server.options.advice) {
            case .upgrade: phase = .awaitingEnd(head)
            case .refuse(let refusal): refuse(refusal, context)
            }
        case (.awaitingEnd(let head), .end):
            decide(on: head, context)
        case (.awaitingEnd, .body), (.awaitingEnd, .head), (.awaitingHead, .body), (.awaitingHead, .end),
            (.answered, _):
            break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch phase {
        case .answered:
            context.close(promise: nil)
        case .awaitingHead, .awaitingEnd:
            guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
            refuse(HTTPRefusal(.badRequest, Self.message(for: error)), context)
        }
    }

    private static func message(for error: HTTPParserError) -> String {
        error == .invalidURL
            ? "The address has no path: write the / before the ?, as in ws://HOST:PORT/?access_token=TOKEN."
            : "This is no HTTP request."
    }

    private func decide(on head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let request = UpgradeRequest(head, remoteAddress: PeerAddress.text(of: context.channel))
        switch server.authorise(request) {
        case .reject(let status, let body, let headers):
            refuse(HTTPRefusal(status: status, body: body, headers: headers), context)
        case .accept:
            phase = .answered
            acceptHeaders(for: head, context).assumeIsolated().whenComplete { result in
                switch result {
                case .success(let headers): self.upgrade(request, answering: headers, context)
                case .failure: context.close(promise: nil)
                }
            }
        }
    }

    /// `Sec-WebSocket-Accept` and the headers that go with it; the future is complete at once. No extension and no
    /// subprotocol is ever chosen.
    private func acceptHeaders(
        for head: HTTPRequestHead, _ context: ChannelHandlerContext
    ) -> EventLoopFuture<HTTPHeaders> {
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        return upgrader.buildUpgradeResponse(
            channel: context.channel, upgradeRequest: head, initialResponseHeaders: [:])
    }

    private func upgrade(
        _ request: UpgradeRequest, answering headers: HTTPHeaders, _ context: ChannelHandlerContext
    ) {
        let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        let connection = WebSocketConnection(
            eventLoop: context.eventLoop, remoteAddress: request.remoteAddress)
        let pipeline = context.pipeline.syncOperations
        do {
            let webSocket = WebSocketHandler(connection: connection, side: .server, options: server.options)
            try pipeline.addHandler(webSocket, position: .after(self))
            try pipeline.addHandler(HandoverHandler(replacing: decoder), position: .after(self))
        } catch {
            // The socket was closed while we wrote: there is no pipeline any more.
            return context.close(promise: nil)
        }
        pipeline.removeHandler(encoder, promise: nil)
        pipeline.removeHandler(self, promise: nil)
        server.accepted(connection, request)
    }

    private func refuse(_ refusal: HTTPRefusal, _ context: ChannelHandlerContext) {
        phase = .answered
        server.logger.debug(
            "refused an upgrade",
            metadata: ["http.status": "\(refusal.status.code)", "reason": "\(refusal.body.prefix(500))"])
        context.write(wrapOutboundOut(.head(refusal.head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: refusal.body)))), promise: nil)
        let written = context.eventLoop.makePromise(of: Void.self)
        // Closing with unread bytes would reset the connection, and the peer might not get the answer.
        written.futureResult.assumeIsolated().whenSuccess { context.close(mode: .output, promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
        // A client that is refused for want of room should soon free its socket.
        let isFull = refusal.status == .serviceUnavailable
        closeChannel(of: context, in: isFull ? .milliseconds(250) : server.options.closeTimeout)
    }

    private func closeChannel(of context: ChannelHandlerContext, in delay: Duration) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
            context.close(promise: nil)
        }
    }
}
