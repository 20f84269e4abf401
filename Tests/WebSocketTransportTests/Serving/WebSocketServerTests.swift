import NIOCore
import NIOHTTP1
import Testing

@testable import WebSocketTransport

@Suite("The server's upgrade", .timeLimit(.minutes(1)))
struct WebSocketServerTests {
    @Test("a client connects, and text passes both ways")
    func echoes() async throws {
        let server = try await TestServer.start(onText: echo)
        let client = try await server.dial("/a%20b?x=1&name=%E5%90%8D+a&flag")
        let accepted = try #require(await server.nextConnection())
        try await client.send("hello")
        #expect(await client.nextMessage() == .text(ByteBuffer(string: "hello")))

        let request = try #require(accepted.request)
        #expect(request.path == "/a%20b")
        #expect(request.query.map(\.name) == ["x", "name", "flag"])
        #expect(request.query.map(\.value) == ["1", "名 a", ""])
        #expect(request.remoteAddress.hasPrefix("127.0.0.1:"))
        await server.server.close()
    }

    @Test("offered extensions and subprotocols are not chosen")
    func choosesNothing() async throws {
        let server = try await TestServer.start()
        let peer = try await server.raw()
        let offers = """
            Sec-WebSocket-Extensions: permessage-deflate;client_max_window_bits, deflate-frame,x-webkit-deflate-frame\r
            Sec-WebSocket-Protocol: chat\r

            """
        try await peer.send(RawPeer.upgradeRequest("/", headers: offers))
        let answer = await peer.head()
        #expect(answer.hasPrefix("HTTP/1.1 101 "))
        #expect(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
        #expect(!answer.lowercased().contains("extensions"))
        #expect(!answer.lowercased().contains("protocol:"))
    }

    @Test(
        "a refused upgrade is answered with status, JSON body and the end of the connection",
        arguments: [HTTPResponseStatus.unauthorized, .forbidden, .notFound, .conflict, .serviceUnavailable])
    func rejects(status: HTTPResponseStatus) async throws {
        let server = try await TestServer.start(authorise: { _ in
            .reject(status: status, body: #"{"status":"failed"}"#, headers: ["Retry-After": "3"])
        })
        let peer = try await server.raw()
        try await peer.send(RawPeer.upgradeRequest())
        let answer = String(decoding: await peer.read(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 \(status.code) "))
        #expect(answer.contains("Content-Type: application/json\r\n"))
        #expect(answer.contains("Connection: close\r\n"))
        #expect(answer.contains("Retry-After: 3\r\n"))
        #expect(answer.hasSuffix(#"{"status":"failed"}"#))
    }

    @Test(
        "a request that opens no WebSocket is answered with what is wrong, in our envelope",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 426, "upgrade: websocket"),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 426, "upgrade: websocket"),
            (
                RawPeer.upgradeRequest().replacing("Version: 13", with: "Version: 8"), 426,
                "sec-websocket-version: 13"
            ),
            (RawPeer.upgradeRequest().replacing("Sec-WebSocket-Key", with: "X-Key"), 400, "content-length"),
            (RawPeer.upgradeRequest().replacing("GET", with: "PUT"), 400, "content-length"),
            (RawPeer.upgradeRequest("/", headers: "Content-Length: 5\r\n"), 400, "content-length"),
            ("\u{16}\u{3}\u{1} this is TLS or noise\r\n\r\n", 400, "connection: close"),
            ("GET / HTTP/1.1\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n", 400, "connection: close"),
        ])
    func refuses(request: String, status: Int, header: String) async throws {
        let server = try await TestServer.start()
        let peer = try await server.raw()
        try await peer.send(request)
        let answer = String(decoding: await peer.read(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        #expect(answer.lowercased().contains(header))
        #expect(answer.contains(#"{"status":"failed","retcode":1400,"data":null,"msg":""#))
    }

    @Test(
        "a handshake that a proxy has spoilt is told so, and which page has the proxy's settings",
        arguments: [
            RawPeer.upgradeRequest().replacing("Upgrade: websocket\r\n", with: ""),
            RawPeer.upgradeRequest().replacing("keep-alive, Upgrade", with: "close"),
            RawPeer.upgradeRequest().replacing("Connection: keep-alive, Upgrade\r\n", with: ""),
            RawPeer.upgradeRequest().replacing("HTTP/1.1", with: "HTTP/1.0"),
            "GET / HTTP/1.0\r\nHost: a\r\nConnection: close\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        ])
    func spoiltByProxy(request: String) async throws {
        let server = try await TestServer.start()
        let peer = try await server.raw()
        try await peer.send(request)
        let answer = String(decoding: await peer.read(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 426 "))
        for word in ["proxy", "Upgrade and Connection", "docs/operating.md", #""retcode":1400"#] {
            #expect(answer.contains(word))
        }
    }

    @Test("who speaks plain HTTP is told where to go")
    func advice() async throws {
        var options = WebSocketOptions()
        options.advice = "Go to port 8080."
        let server = try await TestServer.start(options: options)
        for request in ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x HTTP/1.0\r\n\r\n", "POST / HTTP/1.0\r\n\r\n"] {
            let peer = try await server.raw()
            try await peer.send(request)
            let answer = String(decoding: await peer.read(), as: UTF8.self)
            #expect(answer.contains("WebSocket only. Go to port 8080."))
        }
    }

    @Test("an address without a path is understood where it can be, and else told")
    func noPath() async throws {
        let server = try await TestServer.start()
        let understood = try await server.raw()
        try await understood.send(RawPeer.upgradeRequest("ws://127.0.0.1:1?access_token=t"))
        #expect(await understood.head().hasPrefix("HTTP/1.1 101 "))
        let request = try #require(await server.nextConnection()?.request)
        #expect(request.path == "/")
        #expect(request.query("access_token") == "t")
        let told = try await server.raw()
        try await told.send(RawPeer.upgradeRequest("?access_token=t"))
        let answer = String(decoding: await told.read(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(answer.contains("/?access_token=TOKEN"))
    }

    @Test("a handshake that dribbles in is cut off")
    func cutsOffSlowHandshake() async throws {
        var options = WebSocketOptions()
        options.upgradeTimeout = .milliseconds(50)
        let server = try await TestServer.start(options: options)
        let peer = try await server.raw()
        // The request is sent byte by byte, without the last byte, so only the server can end this.
        for byte in RawPeer.upgradeRequest().utf8.dropLast() { await peer.trySend(ByteBuffer(bytes: [byte])) }
        #expect(await peer.read() == [])
    }

    @Test("frames sent together with the handshake are not lost")
    func keepsEarlyFrames() async throws {
        let server = try await TestServer.start()
        let peer = try await server.raw()
        var bytes = ByteBuffer(string: RawPeer.upgradeRequest())
        bytes.writeImmutableBuffer(RawPeer.frame(.text, ByteBuffer(string: "early")))
        try await peer.send(bytes)
        let accepted = try #require(await server.nextConnection())
        #expect(await accepted.next() == .text(ByteBuffer(string: "early")))
    }

    @Test("both ends may write as soon as they have the connection")
    func writesAtOnce() async throws {
        let server = try await TestServer.start(greeting: "from the server")
        let client = try await server.dial(greeting: "from the client")
        let accepted = try #require(await server.nextConnection())
        #expect(await client.next() == .text(ByteBuffer(string: "from the server")))
        #expect(await accepted.next() == .text(ByteBuffer(string: "from the client")))
    }

    @Test("closing the server stops accepting and leaves connections alone")
    func closesListenerOnly() async throws {
        let server = try await TestServer.start(onText: echo)
        let client = try await server.dial()
        await server.server.close()
        await server.server.close()
        await #expect(throws: DialError.self) { try await server.dial() }
        try await client.send("still here")
        #expect(await client.nextMessage() == .text(ByteBuffer(string: "still here")))
    }
}
