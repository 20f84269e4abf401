import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport
import Testing

@testable import WebSocketTransport

@Suite("Posting", .timeLimit(.minutes(1)))
struct HTTPPosterTests {
    @Test("what is asked for goes out, with Host, Content-Length and the URL's user; the answer comes back")
    func request() async throws {
        let server = try await ScriptedServer.start { _ in .answer(ok("pong")) }
        let poster = try Poster("http://u%40:p@127.0.0.1:\(server.port)/a%20b/?x=1#f")
        let answer = try await poster.post("ping", headers: ["X-Self-ID": "10001"])
        #expect(answer.status == 200)
        #expect(answer.body.map { String(buffer: $0) } == "pong")
        let lines = [
            "POST /a%20b/?x=1 HTTP/1.1", "Host: 127.0.0.1:\(server.port)", "X-Self-ID: 10001",
            "Authorization: Basic dUA6cA==", "Content-Length: 4", "", "ping",
        ]
        #expect(server.requests == [lines.joined(separator: "\r\n")])
    }

    @Test("a connection is kept for the next request, and closed where nothing comes")
    func kept() async throws {
        let server = try await ScriptedServer.start { _ in .answer(ok("")) }
        let poster = try Poster(server.url)
        for _ in 1...3 { _ = try await poster.post("x") }
        #expect(server.connections == 1)
        try await eventually("the connection is closed") { server.open == 0 }
        _ = try await poster.post("x")
        #expect(server.connections == 2)
    }

    @Test(
        "every way to end an answer; a connection that the server wants closed is not used again",
        arguments: [
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", false, 1),
            ("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", false, 1),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc", false, 2),
            ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", false, 2),
            ("HTTP/1.1 200 OK\r\n\r\nabc", true, 2),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, 2),
        ])
    func ends(answer: String, closes: Bool, connections: Int) async throws {
        let server = try await ScriptedServer.start { _ in closes ? .answerAndClose(answer) : .answer(answer) }
        let poster = try Poster(server.url)
        for _ in 1...2 {
            let answer = try await poster.post("x")
            #expect(answer.status == 200)
            #expect(answer.body.map { String(buffer: $0) } == "abc")
        }
        #expect(server.connections == connections)
    }

    @Test("a body beyond 1 MiB is read and let go; its status counts")
    func longBody() async throws {
        let server = try await ScriptedServer.start { _ in .answer(ok(String(repeating: "x", count: 3 << 20))) }
        let poster = try Poster(server.url)
        for _ in 1...2 {
            let answer = try await poster.post("x")
            #expect(answer.status == 200)
            #expect(answer.body == nil)
        }
        #expect(server.connections == 1)
    }

    @Test("no answer is a failure that says why, and the next request gets a connection of its own")
    func failures() async throws {
        let server = try await ScriptedServer.start { request in
            switch request.suffix(1) {
            case "1": .answerAndClose("")
            case "2": .answerAndClose("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
            case "3": .answer("no HTTP\r\n\r\n")
            case "4": .answer("")
            default: .answer(ok(""))
            }
        }
        let poster = try Poster(server.url)
        #expect(await poster.failure("1") == "the connection was closed before an answer came")
        #expect(await poster.failure("2") != nil)
        #expect(await poster.failure("3") != nil)
        #expect(await poster.failure("4", within: .milliseconds(200)) == "no answer in time")
        #expect(try await poster.post("5").status == 200)
        #expect(server.connections == 5)
        try await eventually("nothing stays open") { server.open == 0 }
    }

    @Test("a server that is not there")
    func nobody() async throws {
        let port = try ReservedPort()
        #expect(try await Poster("http://127.0.0.1:\(port.number)/").failure("x")?.contains("refused") == true)
        let unknown = try await Poster("http://nowhere.invalid/").failure("x")
        #expect(unknown == "the name nowhere.invalid cannot be resolved")
        #expect(throws: DialError.self) { try Poster("ws://127.0.0.1/") }
    }

    @Test("close() ends what is under way")
    func close() async throws {
        let server = try await ScriptedServer.start { _ in .answer("") }
        let poster = try Poster(server.url)
        async let failure = poster.failure("x")
        try await eventually("the request came") { !server.requests.isEmpty }
        try await poster.close()
        #expect(await failure == "it was cancelled")
        try await eventually("nothing stays open") { server.open == 0 }
    }

    @Test("https:// trusts only certificates it can verify, by name and by address")
    func tls() async throws {
        let server = try await TLSServer.start()
        let url = "https://localhost:\(server.port)/"
        #expect(try await Poster(url).failure("x")?.contains("CERTIFICATE_VERIFY_FAILED") == true)
        var trusting = TLSConfiguration.makeClientConfiguration()
        trusting.trustRoots = .certificates(try TLSServer.certificates())
        for url in [url, "https://127.0.0.1:\(server.port)/"] {
            // The server takes WebSockets only, and says so.
            #expect(try await Poster(url, trust: trusting).post("x").status >= 400)
        }
    }
}

private func ok(_ body: String) -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

/// A poster on a loop, used from a test.
private struct Poster: Sendable {
    private let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    private let poster: NIOLoopBoundBox<HTTPPoster>

    init(_ url: String, trust: TLSConfiguration? = nil) throws {
        let (address, eventLoop) = (try HTTPPoster.Address(url, trust: trust), eventLoop)
        poster = .makeBoxSendingValue(HTTPPoster(to: address, on: eventLoop), eventLoop: eventLoop)
    }

    func post(
        _ body: String, headers: HTTPHeaders = [:], within limit: TimeAmount = .seconds(20)
    ) async throws -> HTTPPoster.Answer {
        try await eventLoop.flatSubmit {
            poster.value.post(ByteBuffer(string: body), headers: headers, within: limit)
        }.get()
    }

    /// Why there was no answer.
    func failure(_ body: String, within limit: TimeAmount = .seconds(20)) async -> String? {
        do {
            _ = try await post(body, within: limit)
            return nil
        } catch {
            return "\(error)"
        }
    }

    func close() async throws { try await eventLoop.submit { poster.value.close() }.get() }
}

/// A server that answers each request with bytes of the test's.
private final class ScriptedServer: Sendable {
    enum Reply {
        case answer(String)
        case answerAndClose(String)
    }

    struct Seen {
        var requests: [String] = []
        var connections = 0
        var open = 0
    }

    private final class Connection: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let server: ScriptedServer
        private var text = ""

        init(_ server: ScriptedServer) { self.server = server }

        func channelActive(context: ChannelHandlerContext) {
            server.seen.withLock { ($0.connections, $0.open) = ($0.connections + 1, $0.open + 1) }
        }

        func channelInactive(context: ChannelHandlerContext) { server.seen.withLock { $0.open -= 1 } }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            // Each request of these tests ends with a body of its own.
            guard let head = text.firstRange(of: "\r\n\r\n"), head.upperBound < text.endIndex else { return }
            let request = text
            text = ""
            server.seen.withLock { $0.requests.append(request) }
            let (answer, closes) =
                switch server.script(request) {
                case .answer(let text): (text, false)
                case .answerAndClose(let text): (text, true)
                }
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer))).whenComplete { _ in
                if closes { channel.close(promise: nil) }
            }
        }
    }

    private let script: @Sendable (String) -> Reply
    private let seen = Mutex(Seen())
    private let listener = Mutex<(any Channel)?>(nil)

    private init(_ script: @escaping @Sendable (String) -> Reply) { self.script = script }

    static func start(_ script: @escaping @Sendable (String) -> Reply) async throws -> ScriptedServer {
        let server = ScriptedServer(script)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Connection(server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        server.listener.withLock { $0 = listener }
        return server
    }

    var port: Int { listener.withLock { $0?.localAddress?.port ?? 0 } }
    var url: String { "http://127.0.0.1:\(port)/" }
    var requests: [String] { seen.withLock { $0.requests } }
    var connections: Int { seen.withLock { $0.connections } }
    var open: Int { seen.withLock { $0.open } }
}
