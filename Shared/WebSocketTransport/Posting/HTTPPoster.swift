public import NIOCore
public import NIOHTTP1
import NIOPosix
import NIOSSL

/// Posts to one address (HTTP/1.1, RFC 9112), one request at a time, over a connection that it keeps between requests.
///
/// It follows no redirect, and repeats nothing: when to try again is for its user to say. Confined to its event loop.
public final class HTTPPoster {
    /// Where to post, from any thread.
    public struct Address: Sendable {
        fileprivate let target: DialTarget
        fileprivate let tls: NIOSSLContext?

        /// Blocks for a moment where it is the first `https://` address of the process.
        ///
        /// - Throws: ``DialError/badURL(_:reason:)``, or why TLS cannot be set up.
        public init(_ url: String) throws {
            try self.init(url, trust: nil)
        }

        /// - Parameter trust: which servers to trust, instead of those the system trusts; for tests.
        init(_ url: String, trust: TLSConfiguration?) throws {
            target = try DialTarget(url, .http)
            tls = try target.tls(trusting: trust)
        }
    }

    /// What came back.
    public struct Answer: Sendable {
        public let status: Int
        /// `nil` where it was longer than ``maxBodyBytes``.
        public fileprivate(set) var body: ByteBuffer? = ByteBuffer()
        /// 1 MiB.
        public static let maxBodyBytes = 1 << 20
    }

    /// Why nothing did. Whether the receiver had the request is not known.
    public enum Failure: Error, Sendable, CustomStringConvertible {
        case cannotConnect(String)
        case timedOut
        case closed
        case cancelled

        public var description: String {
            switch self {
            case .cannotConnect(let reason): reason
            case .timedOut: "no answer in time"
            case .closed: "the connection was closed before an answer came"
            case .cancelled: "it was cancelled"
            }
        }
    }

    /// Servers close a connection after two (gunicorn) or five (uvicorn, Node.js) quiet seconds; a request sent at that
    /// moment would come twice.
    static let keptFor = TimeAmount.milliseconds(1_500)

    private let address: Address
    private let eventLoop: any EventLoop
    private var connection: PostConnection?
    /// The request under way.
    private var outcome: EventLoopPromise<Answer>?

    public init(to address: Address, on eventLoop: any EventLoop) {
        self.address = address
        self.eventLoop = eventLoop
    }

    /// Posts exactly these bytes. `Host`, `Content-Length` and, for a user in the URL, `Authorization: Basic` are
    /// added.
    ///
    /// - Parameter limit: how long it may take, connecting included.
    /// - Returns: fails with a ``Failure``, or what TLS or the HTTP of the answer is wrong about.
    public func post(
        _ body: ByteBuffer, headers: HTTPHeaders, within limit: TimeAmount
    ) -> EventLoopFuture<Answer> {
        precondition(outcome == nil, "post() was called while a request is under way")
        let outcome = eventLoop.makePromise(of: Answer.self)
        self.outcome = outcome
        let deadline = eventLoop.scheduleTask(in: limit) { outcome.fail(Failure.timedOut) }
        outcome.futureResult.assumeIsolated().whenComplete { _ in
            deadline.cancel()
            self.outcome = nil
        }
        let request = PostConnection.Request(head: head(headers, length: body.readableBytes), body: body)
        if let connection, connection.isIdle {
            connection.send(request, outcome)
        } else {
            connect(within: limit, outcome) { $0.send(request, outcome) }
        }
        return outcome.futureResult
    }

    /// Ends the request under way, and the connection.
    public func close() {
        outcome?.fail(Failure.cancelled)
        connection?.close()
        connection = nil
    }

    private func head(_ headers: HTTPHeaders, length: Int) -> HTTPRequestHead {
        var all: HTTPHeaders = ["Host": address.target.hostHeader]
        all.add(contentsOf: headers)
        if let authorization = address.target.authorization { all.add(name: "Authorization", value: authorization) }
        all.add(name: "Content-Length", value: "\(length)")
        return HTTPRequestHead(version: .http1_1, method: .POST, uri: address.target.requestTarget, headers: all)
    }

    private func connect(
        within limit: TimeAmount, _ outcome: EventLoopPromise<Answer>, then send: @escaping (PostConnection) -> Void
    ) {
        let address = address
        ClientBootstrap(group: eventLoop)
            .connectTimeout(limit)
            .channelInitializer { channel in
                // A connection on which a request fails is not used again.
                outcome.futureResult.whenFailure { _ in channel.close(promise: nil) }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls = address.tls { try address.target.secure(pipeline, tls) }
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(PostConnection())
                }
            }
            .connect(host: address.target.host, port: address.target.port)
            .assumeIsolated()
            .flatMapThrowing { try $0.pipeline.syncOperations.handler(type: PostConnection.self) }
            .whenComplete { result in
                switch result {
                case .success(let connection):
                    self.connection = connection
                    send(connection)
                case .failure(let error): outcome.fail(Self.failure(error))
                }
            }
    }

    private static func failure(_ error: any Error) -> any Error {
        switch error {
        case ChannelError.connectTimeout: Failure.timedOut
        case let error as NIOConnectionError: Failure.cannotConnect(DialTarget.reason(error))
        default: error
        }
    }
}

/// One connection of a poster: at most one request at a time. Confined to its channel's event loop.
private final class PostConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    struct Request {
        let head: HTTPRequestHead
        let body: ByteBuffer
    }

    private enum Phase {
        /// Nothing was asked, or all was answered.
        case idle
        case awaitingHead(EventLoopPromise<HTTPPoster.Answer>)
        case receiving(HTTPPoster.Answer, isLast: Bool, EventLoopPromise<HTTPPoster.Answer>)
        case over
    }

    private var phase = Phase.idle
    private var context: ChannelHandlerContext?
    private var quiet: Scheduled<Void>?
    /// The request is with the system, whole.
    private var isSent = true

    var isIdle: Bool {
        if case .idle = phase { true } else { false }
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func send(_ request: Request, _ outcome: EventLoopPromise<HTTPPoster.Answer>) {
        // The connection was lost as soon as it was there.
        guard case .idle = phase, let context else { return outcome.fail(HTTPPoster.Failure.closed) }
        quiet?.cancel()
        phase = .awaitingHead(outcome)
        isSent = false
        let channel = context.channel
        outcome.futureResult.whenFailure { _ in channel.close(promise: nil) }
        context.write(wrapOutboundOut(.head(request.head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(request.body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenSuccess { self.isSent = true }
    }

    func close() {
        phase = .over
        quiet?.cancel()
        context?.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (phase, unwrapInboundIn(data)) {
        case (.awaitingHead(let outcome), .head(let head)):
            phase = .receiving(
                HTTPPoster.Answer(status: Int(head.status.code)), isLast: !head.isKeepAlive, outcome)
        case (.receiving(var answer, let isLast, let outcome), .body(let part)):
            // Taken out, so that appending does not copy it.
            phase = .over
            if let body = answer.body, body.readableBytes + part.readableBytes > HTTPPoster.Answer.maxBodyBytes {
                answer.body = nil
            }
            answer.body?.writeImmutableBuffer(part)
            phase = .receiving(answer, isLast: isLast, outcome)
        case (.receiving(let answer, let isLast, let outcome), .end):
            // An answer before the end of the request: the rest of it would go out before the next one.
            if isLast || !isSent { close() } else { rest(context) }
            outcome.succeed(answer)
        case (.idle, _), (.awaitingHead, _), (.receiving, .head), (.over, _): close()
        }
    }

    private func rest(_ context: ChannelHandlerContext) {
        phase = .idle
        quiet = context.eventLoop.assumeIsolated().scheduleTask(in: HTTPPoster.keptFor) { self.close() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(because: HTTPPoster.Failure.closed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(because: error)
        context.close(promise: nil)
    }

    private func end(because error: any Error) {
        let last = phase
        phase = .over
        quiet?.cancel()
        switch last {
        case .awaitingHead(let outcome), .receiving(_, _, let outcome): outcome.fail(error)
        case .idle, .over: break
        }
    }
}
