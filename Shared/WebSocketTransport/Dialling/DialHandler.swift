import NIOCore
import NIOHTTP1
import NIOWebSocket

/// The HTTP phase of a dialled connection: sends the upgrade request and turns the connection into a WebSocket, or
/// reports why not.
final class DialHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart
    typealias Decoder = ByteToMessageHandler<UpgradeResponseDecoder>

    /// The target of a dial, and who waits for its outcome.
    struct Dial: Sendable {
        /// Fit for errors.
        let url: String
        let target: DialTarget
        let headers: HTTPHeaders
        let options: WebSocketOptions
        let accepted: @Sendable (WebSocketConnection) -> Void
        /// Completed with the outcome; failed from outside by deadline or cancellation.
        let outcome: EventLoopPromise<Void>
    }

    /// Fired through the pipeline of the one connection that was first among a name's addresses.
    struct Connected: Sendable {}

    private enum Phase {
        /// Not connected, or one of several attempts, whose end means nothing.
        case connecting
        case awaitingHead
        /// 101, correctly.
        case upgrading
        case refused(status: Int, body: ByteBuffer)
        case over
    }

    private static let maxBodyBytes = 1 << 10

    private let dial: Dial
    private let encoder: HTTPRequestEncoder
    private let decoder: Decoder
    private let key = NIOWebSocketClientUpgrader.randomRequestKey()
    private var phase = Phase.connecting

    init(_ dial: Dial, encoder: HTTPRequestEncoder, decoder: Decoder) {
        self.dial = dial
        self.encoder = encoder
        self.decoder = decoder
    }

    func handlerAdded(context: ChannelHandlerContext) {
        // An attempt that was given up is over: TLS may still hand on bytes while it closes, but nobody waits for the
        // connection any more.
        dial.outcome.futureResult.hop(to: context.eventLoop).assumeIsolated().whenFailure { _ in self.phase = .over }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is Connected { sendRequest(context) } else { context.fireUserInboundEventTriggered(event) }
    }

    private func sendRequest(_ context: ChannelHandlerContext) {
        phase = .awaitingHead
        var headers = dial.headers
        if !headers.contains(name: "Host") { headers.add(name: "Host", value: dial.target.hostHeader) }
        headers.replaceOrAdd(name: "Upgrade", value: "websocket")
        headers.replaceOrAdd(name: "Connection", value: "Upgrade")
        headers.replaceOrAdd(name: "Sec-WebSocket-Key", value: key)
        headers.replaceOrAdd(name: "Sec-WebSocket-Version", value: "13")
        if let authorization = dial.target.authorization, !headers.contains(name: "Authorization") {
            headers.add(name: "Authorization", value: authorization)
        }
        let head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: dial.target.requestTarget, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (phase, unwrapInboundIn(data)) {
        case (.awaitingHead, .head(let head)):
            receive(head, context)
        case (.refused(let status, var body), .body(var part)):
            let room = Self.maxBodyBytes - body.readableBytes
            body.writeImmutableBuffer(part.readSlice(length: min(part.readableBytes, room)) ?? ByteBuffer())
            phase = .refused(status: status, body: body)
            if body.readableBytes >= Self.maxBodyBytes { refused(status, body, context) }
        case (.refused(let status, let body), .end):
            refused(status, body, context)
        case (.upgrading, .end):
            upgrade(context)
        case (.connecting, _), (.awaitingHead, _), (.refused, .head), (.upgrading, _), (.over, _):
            break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch phase {
        case .connecting, .over: break
        case .refused(let status, let body): refused(status, body, context)
        case .awaitingHead, .upgrading:
            fail(.cannotConnect(dial.url, reason: "it closed the connection without an answer."), context)
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch phase {
        case .connecting: context.close(promise: nil)
        case .awaitingHead, .upgrading, .refused, .over:
            fail(.cannotConnect(dial.url, reason: "\(error)."), context)
        }
    }

    private func receive(_ head: HTTPResponseHead, _ context: ChannelHandlerContext) {
        guard head.status == .switchingProtocols else {
            phase = .refused(status: Int(head.status.code), body: ByteBuffer())
            return
        }
        let upgrader = NIOWebSocketClientUpgrader(
            requestKey: key, upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        guard upgrader.shouldAllowUpgrade(upgradeResponse: head) else {
            return fail(.cannotConnect(dial.url, reason: "it answered 101 with a wrong Sec-WebSocket-Accept."), context)
        }
        guard head.headers["Sec-WebSocket-Extensions"].isEmpty else {
            return fail(.cannotConnect(dial.url, reason: "it chose an extension that nobody offered."), context)
        }
        phase = .upgrading
    }

    private func upgrade(_ context: ChannelHandlerContext) {
        phase = .over
        let connection = WebSocketConnection(
            eventLoop: context.eventLoop, remoteAddress: PeerAddress.text(of: context.channel))
        let pipeline = context.pipeline.syncOperations
        do {
            let webSocket = WebSocketHandler(connection: connection, side: .client, options: dial.options)
            try pipeline.addHandler(webSocket, position: .after(self))
            try pipeline.addHandler(HandoverHandler(replacing: decoder), position: .after(self))
        } catch {
            return fail(.cannotConnect(dial.url, reason: "\(error)."), context)
        }
        pipeline.removeHandler(encoder, promise: nil)
        pipeline.removeHandler(self, promise: nil)
        dial.accepted(connection)
        dial.outcome.succeed()
    }

    private func refused(_ status: Int, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
        fail(.refused(dial.url, status: status, body: String(buffer: body)), context)
    }

    private func fail(_ error: DialError, _ context: ChannelHandlerContext) {
        phase = .over
        dial.outcome.fail(error)
        context.close(promise: nil)
    }
}

/// NIO's decoder of HTTP responses, for the one answer to our upgrade request.
///
/// NIO's own handler also looks at what is written, to know which requests the responses belong to, and traps on
/// anything but HTTP. It stays in the pipeline for a turn of the loop after the upgrade, while WebSocket frames may be
/// written already. Here there is a single, known request, so this decoder does not look at what is written.
final class UpgradeResponseDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPClientResponsePart

    private let decoder = HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes)

    init() {
        decoder.write(data: .head(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")))
    }

    func decoderAdded(context: ChannelHandlerContext) { decoder.decoderAdded(context: context) }

    func decoderRemoved(context: ChannelHandlerContext) { decoder.decoderRemoved(context: context) }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        try decoder.decode(context: context, buffer: &buffer)
    }

    func decodeLast(context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool) throws -> DecodingState {
        try decoder.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }
}
