import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Ends a connection behind a request that offers an upgrade (`Upgrade: h2c`, as Java's HttpClient and `curl --http2` do): the answer is an ordinary
/// one, and NIO's decoder reads nothing more behind such a request, so that the next would wait for ever. It stands behind the codec of each
/// connection.
final class DeclinedUpgrade: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var isLast = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var request) = unwrapInboundIn(data), request.headerFields[.upgrade] != nil else {
            return context.fireChannelRead(data)
        }
        isLast = true
        request.headerFields[.connection] = "close"
        context.fireChannelRead(wrapInboundOut(.head(request)))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isLast, case .head(var response) = unwrapOutboundIn(data) else {
            return context.write(data, promise: promise)
        }
        response.headerFields[.connection] = "close"
        context.write(wrapOutboundOut(.head(response)), promise: promise)
    }
}
