import NIOCore

/// Stands between the HTTP decoder and the WebSocket while the decoder leaves the pipeline, which takes one turn of the
/// loop, and passes on the bytes that came behind the handshake.
///
/// An HTTP part that arrives here would mean that the decoder did not see the upgrade that we saw, and would be taken
/// for bytes. It ends the connection instead.
final class HandoverHandler<Decoder: RemovableChannelHandler>: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let decoder: Decoder
    /// Set in the same turn in which the decoder gives up the bytes it did not parse.
    private var isDecoderLeaving = false

    init(replacing decoder: Decoder) {
        self.decoder = decoder
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let loop = context.eventLoop.assumeIsolated()
        // Scheduled before the removal is, since turns come in the order they were asked for.
        loop.execute { self.isDecoderLeaving = true }
        context.pipeline.syncOperations.removeHandler(decoder).assumeIsolated().whenComplete { _ in
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isDecoderLeaving else {
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(data)
    }
}
