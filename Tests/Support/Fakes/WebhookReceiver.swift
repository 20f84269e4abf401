import NIOCore
public import NIOHTTP1
import NIOPosix
public import OneBot
import Synchronization

/// A small HTTP server for tests that takes events as a framework does: it records every request, and answers as it is
/// told.
public final class WebhookReceiver: Sendable {
    public struct Request: Sendable, CustomStringConvertible {
        public let method: String
        /// With the query.
        public let path: String
        public let headers: HTTPHeaders
        public let body: String

        /// The body as a JSON object; `nil` where it is not one.
        public var json: JSONObject? {
            // `try?`: the test finds a body that is not JSON.
            try? JSONObject(ByteBuffer(string: body))
        }

        /// The text of a string member of the body.
        public subscript(key: String) -> String? { json?[key]?.string }
        public var isMeta: Bool { self["post_type"] == "meta_event" }
        public var description: String { "\(method) \(path) \(body.prefix(200))" }
    }

    public enum Reply: Sendable {
        case answer(Int, body: String = "", headers: HTTPHeaders = [:])
        /// The request is taken, and never answered.
        case hang
        /// The connection is closed instead.
        case hangUp
    }

    /// What the server and its connections share.
    fileprivate final class Desk: Sendable {
        let script: @Sendable (Request) -> Reply
        let requests = Mutex<[Request]>([])
        let connections = Mutex<[ObjectIdentifier: any Channel]>([:])

        init(_ script: @escaping @Sendable (Request) -> Reply) { self.script = script }
    }

    private let server: any Channel
    private let desk: Desk
    public let port: Int

    private init(server: any Channel, desk: Desk) {
        self.server = server
        self.desk = desk
        port = server.localAddress?.port ?? 0
    }

    /// - Parameter port: 0: the system chooses. A receiver that comes back takes the port it had.
    public static func start(
        port: Int = 0, answering script: @escaping @Sendable (Request) -> Reply = { _ in .answer(204) }
    ) async throws -> WebhookReceiver {
        let desk = Desk(script)
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let id = ObjectIdentifier(channel)
                    desk.connections.withLock { $0[id] = channel }
                    channel.closeFuture.whenComplete { _ in desk.connections.withLock { $0[id] = nil } }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(RequestCollector(desk))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return WebhookReceiver(server: server, desk: desk)
    }

    /// `http://127.0.0.1:PORT/`.
    public var url: String { "http://127.0.0.1:\(port)/" }

    /// Everything that came so far.
    public var requests: [Request] { desk.requests.withLock { $0 } }
    /// The same without lifecycle and heartbeats.
    public var events: [Request] { requests.filter { !$0.isMeta } }

    /// Stops listening and closes every connection.
    public func stop() async {
        // `try?`: both may be closed already.
        try? await server.close()
        for channel in desk.connections.withLock({ Array($0.values) }) { try? await channel.close() }
    }
}

/// Puts requests together and answers them. Confined to its channel's event loop.
private final class RequestCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let desk: WebhookReceiver.Desk
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(_ desk: WebhookReceiver.Desk) { self.desk = desk }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
        case .body(var part): body.writeBuffer(&part)
        case .end:
            guard let head else { return }
            let request = WebhookReceiver.Request(
                method: head.method.rawValue, path: head.uri, headers: head.headers, body: String(buffer: body))
            desk.requests.withLock { $0.append(request) }
            switch desk.script(request) {
            case .hang: break
            case .hangUp: context.close(promise: nil)
            case .answer(let status, let body, let headers): answer(status, body, headers, context)
            }
        }
    }

    private func answer(_ status: Int, _ body: String, _ headers: HTTPHeaders, _ context: ChannelHandlerContext) {
        var headers = headers
        if status != 204 { headers.replaceOrAdd(name: "Content-Length", value: "\(body.utf8.count)") }
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !body.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
