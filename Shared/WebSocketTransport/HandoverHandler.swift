import NIOCore

/// Stands between the HTTP decoder and the WebSocket while the decoder leaves the pipeline, which takes one turn of the loop: passes
/// on the bytes that came behind the handshake, and keeps what is written meanwhile, for a decoder of responses looks at writes too
/// and takes them for requests.
///
/// An HTTP part that came here would mean that the decoder does not see the upgrade we see, and would be taken for bytes: it ends
/// the connection instead.
final class HandoverHandler<Decoder: RemovableChannelHandler>: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let decoder: Decoder
    /// Set in the very turn in which the decoder gives up the bytes it did not parse.
    private var isDecoderLeaving = false
    /// Written before the decoder had left.
    private var writes: [(bytes: ByteBuffer, promise: EventLoopPromise<Void>?)] = []
    private var mustFlush = false

    init(replacing decoder: Decoder) {
        self.decoder = decoder
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let loop = context.eventLoop.assumeIsolated()
        // Before the removal asks for its turn: turns come in the order asked for.
        loop.execute { self.isDecoderLeaving = true }
        context.pipeline.syncOperations.removeHandler(decoder).assumeIsolated().whenComplete { _ in
            self.writeAll(context)
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        // The channel closed before the decoder had left.
        for write in writes { write.promise?.fail(ChannelError.ioOnClosedChannel) }
        writes = []
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isDecoderLeaving else {
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        writes.append((unwrapOutboundIn(data), promise))
    }

    func flush(context: ChannelHandlerContext) {
        mustFlush = true
    }

    private func writeAll(_ context: ChannelHandlerContext) {
        for write in writes { context.write(wrapOutboundOut(write.bytes), promise: write.promise) }
        writes = []
        if mustFlush { context.flush() }
    }
}
