import NIOCore
public import NIOHTTP1
import NIOPosix
public import OneBot

/// A minimal HTTP client for tests: one request, one connection, one answer.
public enum FakeHTTP {
    /// The server's answer.
    public struct Answer: Sendable, CustomStringConvertible {
        public let status: Int
        public let headers: HTTPHeaders
        public let body: String

        /// The body as a JSON object; `nil` where it is not one.
        public var json: JSONObject? {
            // `try?`: the test finds a body that is not JSON.
            try? JSONObject(ByteBuffer(string: body))
        }

        /// The text of a string member.
        public subscript(key: String) -> String? { json?[key]?.string }
        public var retcode: Int64? { json?["retcode"]?.int64 }
        /// The member `data`, where it is an object.
        public var data: JSONObject? { json?["data"]?.object }

        public var description: String { "\(status) \(body.prefix(300))" }
    }

    public static func get(
        _ url: String, headers: HTTPHeaders = [:], asksToClose: Bool = true
    ) async throws -> Answer {
        try await request(.GET, url, headers: headers, asksToClose: asksToClose)
    }

    /// Posts a JSON body.
    public static func post(_ url: String, json: String, headers: HTTPHeaders = [:]) async throws -> Answer {
        var headers = headers
        if !headers.contains(name: "Content-Type") { headers.add(name: "Content-Type", value: "application/json") }
        return try await request(.POST, url, headers: headers, body: json)
    }

    /// - Parameter url: `http://host:port/path?query`; path and query go out as written.
    /// - Throws: ``FakeHTTPError``, or the `IOError` of connecting.
    public static func request(
        _ method: HTTPMethod, _ url: String, headers: HTTPHeaders = [:], body: String? = nil,
        asksToClose: Bool = true, within limit: Duration = .seconds(10)
    ) async throws -> Answer {
        let target = try Target(url)
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = eventLoop.makePromise(of: Answer.self)
        let timer = eventLoop.scheduleTask(in: TimeAmount(limit)) {
            answer.fail(FakeHTTPError.timedOut(url: url))
        }
        defer { timer.cancel() }
        do {
            let channel = try await ClientBootstrap(group: eventLoop)
                .connectTimeout(TimeAmount(limit))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(AnswerCollector(answer, url: url))
                    }
                }
                .connect(host: target.host, port: target.port).get()
            var head = HTTPRequestHead(version: .http1_1, method: method, uri: target.uri, headers: headers)
            if !headers.contains(name: "Host") {
                head.headers.add(name: "Host", value: "\(target.host):\(target.port)")
            }
            if asksToClose { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            if let body { head.headers.replaceOrAdd(name: "Content-Length", value: String(body.utf8.count)) }
            channel.write(HTTPClientRequestPart.head(head), promise: nil)
            if let body {
                channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(string: body))), promise: nil)
            }
            channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
            defer { channel.close(promise: nil) }
            return try await answer.futureResult.get()
        } catch {
            answer.fail(error)
            throw error
        }
    }
}

/// Why a request got no answer.
public enum FakeHTTPError: Error, Sendable {
    case badURL(String)
    case timedOut(url: String)
    /// The server hung up before its answer was complete.
    case incomplete(url: String, status: UInt?)
}

/// `http://host:port/path?query`, taken apart.
private struct Target {
    let host: String
    let port: Int
    let uri: String

    init(_ url: String) throws {
        guard url.hasPrefix("http://") else { throw FakeHTTPError.badURL(url) }
        let rest = url.dropFirst("http://".count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let path = String(rest.dropFirst(authority.count))
        let parts = authority.split(separator: ":")
        guard let host = parts.first, parts.count == 2, let port = Int(parts[1]) else {
            throw FakeHTTPError.badURL(url)
        }
        self.host = String(host)
        self.port = port
        uri = path.isEmpty ? "/" : path
    }
}

/// Puts an answer together. Confined to its channel's event loop.
private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let answer: EventLoopPromise<FakeHTTP.Answer>
    private let url: String
    private var head: HTTPResponseHead?
    private var body = ByteBuffer()

    init(_ answer: EventLoopPromise<FakeHTTP.Answer>, url: String) {
        self.answer = answer
        self.url = url
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
        case .body(var part):
            body.writeBuffer(&part)
        case .end:
            guard let head else { return }
            answer.succeed(
                FakeHTTP.Answer(status: Int(head.status.code), headers: head.headers, body: String(buffer: body)))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.fail(FakeHTTPError.incomplete(url: url, status: head?.status.code))
    }
}
