import NIOCore
import NIOPosix

/// A TCP server that reads one HTTP request and answers with given bytes, right or wrong.
struct RawServer: Sendable {
    let port: Int
    private let requests: AsyncStream<String>
    private let ends: AsyncStream<Void>

    /// - Parameter answer: sent once the request is there, then the connection is closed; `nil`: nothing is sent.
    static func start(answering answer: String?) async throws -> RawServer {
        let (requests, request) = AsyncStream<String>.makeStream()
        let (ends, end) = AsyncStream<Void>.makeStream()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Answerer(answer: answer, request: request, end: end))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return RawServer(port: listener.localAddress?.port ?? 0, requests: requests, ends: ends)
    }

    /// The request as it came.
    func request() async -> String {
        for await request in requests { return request }
        return ""
    }

    /// Waits until the client hangs up.
    func end() async { for await _ in ends { return } }

    private final class Answerer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: String?
        private let request: AsyncStream<String>.Continuation
        private let end: AsyncStream<Void>.Continuation
        private var received = ""

        init(answer: String?, request: AsyncStream<String>.Continuation, end: AsyncStream<Void>.Continuation) {
            self.answer = answer
            self.request = request
            self.end = end
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            guard received.hasSuffix("\r\n\r\n") else { return }
            request.yield(received)
            guard let answer else { return }
            let written = context.eventLoop.makePromise(of: Void.self)
            written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: written)
        }

        func channelInactive(context: ChannelHandlerContext) { end.yield() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
