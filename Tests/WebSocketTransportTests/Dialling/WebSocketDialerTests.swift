import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import Synchronization
import Testing

@testable import WebSocketTransport

@Suite("The dialer", .timeLimit(.minutes(1)))
struct WebSocketDialerTests {
    @Test("it asks for exactly what is written, with the headers given and no extension")
    func request() async throws {
        let server = try await RawServer.start(answering: "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await #expect(throws: DialError.self) {
            try await dial(
                "ws://127.0.0.1:\(server.port)/onebot/%7e/ws/?a=%20+b&名=1",
                headers: ["X-Self-ID": "10001", "Authorization": "Bearer t"])
        }
        let request = await server.request()
        let lines = request.split(separator: "\r\n").map(String.init)
        #expect(lines.first == "GET /onebot/%7e/ws/?a=%20+b&名=1 HTTP/1.1")
        for header in [
            "Host: 127.0.0.1:\(server.port)", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
            "X-Self-ID: 10001", "Authorization: Bearer t",
        ] { #expect(lines.contains(header)) }
        #expect(!request.contains("Sec-WebSocket-Extensions"))
        #expect(!request.contains("Sec-WebSocket-Protocol"))
    }

    @Test("an answer that comes when the attempt was given up makes no connection", arguments: [false, true])
    func lateAnswer(isGivenUp: Bool) throws {
        let channel = EmbeddedChannel()
        let accepted = Mutex(0)
        let outcome = channel.eventLoop.makePromise(of: Void.self)
        let dial = DialHandler.Dial(
            url: "ws://a/", target: try DialTarget("ws://127.0.0.1:1/"), headers: [:], options: .init(),
            accepted: { _ in accepted.withLock { $0 += 1 } }, outcome: outcome)
        let encoder = HTTPRequestEncoder()
        let decoder = ByteToMessageHandler(UpgradeResponseDecoder())
        try channel.pipeline.syncOperations.addHandlers(
            encoder, decoder, DialHandler(dial, encoder: encoder, decoder: decoder))
        channel.pipeline.fireUserInboundEventTriggered(DialHandler.Connected())
        var request = ""
        while let part = try channel.readOutbound(as: ByteBuffer.self) { request += String(buffer: part) }
        let key = try #require(request.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Key: ") })
            .dropFirst(19)
        let answer = try NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
        ).buildUpgradeResponse(
            channel: channel,
            upgradeRequest: HTTPRequestHead(
                version: .http1_1, method: .GET, uri: "/",
                headers: ["Sec-WebSocket-Key": "\(key)", "Sec-WebSocket-Version": "13"]),
            initialResponseHeaders: [:]
        ).wait()
        // TLS may take a while to close, and hands on what comes meanwhile.
        if isGivenUp { outcome.fail(DialError.timedOut("ws://a/")) }
        let lines = answer.map { "\($0.name): \($0.value)\r\n" }.joined()
        try channel.writeInbound(ByteBuffer(string: "HTTP/1.1 101 Switching Protocols\r\n\(lines)\r\n"))
        #expect(accepted.withLock { $0 } == (isGivenUp ? 0 : 1))
        _ = try? channel.finish()  // how the socket ends does not matter here
    }

    @Test("a peer that does not read is given up by a reset, and hears of the end at once")
    func reset() async throws {
        let server = try await TestServer.start()
        var options = WebSocketOptions()
        options.closeTimeout = .milliseconds(50)
        options.resetsWhenGivenUp = true
        let client = try await WebSocketTransportTests.dial("ws://127.0.0.1:\(server.port)/", options: options)
        let accepted = try #require(await server.nextConnection())
        try await accepted.onLoop { $0.pauseReading() }
        try await client.onLoop {
            $0.send(text: ByteBuffer(repeating: UInt8(ascii: "x"), count: 16 << 20))
            $0.close(.goingAway(""))
        }
        guard case .closed(let ending)? = await accepted.nextMessage() else {
            Issue.record("a message came")
            return
        }
        #expect(ending.code == nil)
        #expect(ending.reason.contains("reset"))
    }

    @Test("a user in the URL becomes Authorization: Basic")
    func basicAuthorization() async throws {
        let server = try await RawServer.start(answering: "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        await #expect(throws: DialError.self) { try await dial("ws://user:p%40ss@127.0.0.1:\(server.port)/") }
        #expect(await server.request().contains("Authorization: Basic dXNlcjpwQHNz\r\n"))
    }

    @Test(
        "a refusal tells status and body, of which it keeps one KiB",
        arguments: [
            (403, "Content-Length: 2\r\n\r\nno", "no"),
            (401, "Connection: close\r\n\r\nuntil the end", "until the end"),
            (302, "Location: /x\r\nContent-Length: 0\r\n\r\n", ""), (200, "Content-Length: 4\r\n\r\nhtml", "html"),
            (
                500, "Content-Length: 5000\r\n\r\n\(String(repeating: "x", count: 5000))",
                String(repeating: "x", count: 1024)
            ),
        ])
    func refused(status: Int, rest: String, body: String) async throws {
        let server = try await RawServer.start(answering: "HTTP/1.1 \(status) Some Reason\r\n\(rest)")
        let error = await dialError("ws://u:secret@127.0.0.1:\(server.port)/?access_token=secret")
        guard case .refused(_, status, body) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.contains("HTTP status \(status)") == true)
        #expect(error.map { String(reflecting: $0) }?.contains("secret") == false)
    }

    @Test(
        "an answer that is no correct upgrade is no connection",
        arguments: [
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
            "this is no HTTP\r\n\r\n", "",
        ])
    func badAnswer(answer: String) async throws {
        let server = try await RawServer.start(answering: answer)
        guard case .cannotConnect = await dialError("ws://127.0.0.1:\(server.port)/") else {
            Issue.record("not refused")
            return
        }
    }

    @Test("nobody listening, no such name")
    func cannotConnect() async throws {
        let server = try await TestServer.start()
        await server.server.close()
        for url in ["ws://127.0.0.1:\(server.port)/", "ws://name.invalid/"] {
            guard case .cannotConnect(url, _) = await dialError(url) else {
                Issue.record("\(url) answered")
                continue
            }
        }
    }

    @Test("a server that never answers is given up in time")
    func timesOut() async throws {
        let server = try await RawServer.start(answering: nil)
        var options = WebSocketOptions()
        options.upgradeTimeout = .milliseconds(30)
        guard case .timedOut = await dialError("ws://127.0.0.1:\(server.port)/", options: options) else {
            Issue.record("no timeout")
            return
        }
    }

    @Test("a cancelled attempt ends at once, and so does its socket")
    func cancels() async throws {
        let server = try await RawServer.start(answering: nil)
        let attempt = Task { await dialError("ws://127.0.0.1:\(server.port)/") }
        #expect(await server.request().hasPrefix("GET / "))
        attempt.cancel()
        guard case .cannotConnect(_, let reason) = await attempt.value else {
            Issue.record("it went on")
            return
        }
        #expect(reason.contains("cancelled"))
        await server.end()
    }

    @Test("headers that would break the request are refused")
    func cleanHeaders() async {
        guard case .badURL = await dialError("ws://127.0.0.1:1/", headers: ["Authorization": "Bearer t\r\nX: y"]) else {
            Issue.record("sent")
            return
        }
    }

    @Test("wss:// trusts only certificates it can verify")
    func tls() async throws {
        let server = try await TLSServer.start()
        let url = "wss://localhost:\(server.port)/"
        guard case .cannotConnect(_, let reason) = await dialError(url) else {
            Issue.record("an unknown certificate was trusted")
            return
        }
        #expect(reason.contains("CERTIFICATE_VERIFY_FAILED"))

        var trusting = TLSConfiguration.makeClientConfiguration()
        trusting.trustRoots = .certificates(try TLSServer.certificates())
        let client = try await dial(url, trust: trusting, onText: { _, _ in })
        try await client.send("through TLS")
        #expect(await client.nextMessage() == .text(ByteBuffer(string: "through TLS")))
        try await client.close(.goingAway("done"))
        #expect(await client.nextMessage() == .closed(WebSocketEnding(code: 1001, reason: "done", isOurs: true)))

        let byAddress = try await dial("wss://127.0.0.1:\(server.port)/", trust: trusting, onText: { _, _ in })
        try await byAddress.onLoop { $0.abort() }
        #expect(await byAddress.nextMessage() == .closed(WebSocketEnding(code: nil, reason: "aborted", isOurs: true)))
    }

    /// The error of a dial; `nil` if it succeeds.
    private func dialError(
        _ url: String, headers: HTTPHeaders = [:], options: WebSocketOptions = .init()
    ) async -> DialError? {
        do {
            _ = try await dial(url, headers: headers, options: options)
            return nil
        } catch {
            return error as? DialError
        }
    }
}
