import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes the connection after the answer to a request that offered an upgrade (`Upgrade: h2c`, as Java's HttpClient
/// and `curl --http2` do). That answer is an ordinary one, but NIO's decoder reads nothing more after such a request,
/// so that the next one would wait for ever. The handler stands behind the codec of each connection.
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
