import NIOCore
import Testing

@testable import WebSocketTransport

@Suite("A connection, over loopback", .timeLimit(.minutes(1)))
struct WebSocketConnectionTests {
    @Test("16 MiB pass both ways, in one frame")
    func largeMessage() async throws {
        let server = try await TestServer.start(onText: echo)
        let client = try await server.dial()
        let text = ByteBuffer(string: String(repeating: "0123456789abc名", count: 1 << 20).prefixUTF8(16 << 20))
        #expect(text.readableBytes == 16 << 20)
        try await client.onLoop {
            $0.send(text: text)
            $0.flush()
        }
        #expect(await client.nextMessage() == .text(text))
    }

    @Test("one byte above the limit is refused with 1009, and the peer sees why", arguments: [true, false])
    func overLimit(inFragments: Bool) async throws {
        var options = WebSocketOptions()
        options.maxMessageBytes = 1000
        let server = try await TestServer.start(options: options)
        let peer = try await server.raw()
        try await peer.upgrade()
        let text = ByteBuffer(string: String(repeating: "x", count: 1001))
        if inFragments {
            try await peer.send(RawPeer.frame(.text, text.getSlice(at: 0, length: 600) ?? text, isFinal: false))
            try await peer.send(RawPeer.frame(.continuation, text.getSlice(at: 600, length: 401) ?? text))
        } else {
            try await peer.send(RawPeer.frame(.text, text))
        }
        let frame = try #require(await peer.frames(1).first)
        #expect(frame.header.opcode == .close)
        #expect(frame.payload.getInteger(at: frame.payload.readerIndex, as: UInt16.self) == 1009)
        try await peer.send(frame: .close, "\u{3}\u{71}")
        #expect(await peer.read().isEmpty)
    }

    @Test("bytes encoded once go out as they are, joined frames too, and nothing before the flush")
    func encodedOnce() async throws {
        let server = try await TestServer.start()
        let client = try await server.dial()
        let accepted = try #require(await server.nextConnection())
        var joined = WebSocketConnection.encodeText(ByteBuffer(string: "one"))
        joined.writeImmutableBuffer(WebSocketConnection.encodeText(ByteBuffer(string: "two")))
        let frames = joined
        let buffered = try await accepted.onLoop { connection in
            connection.send(encoded: frames)
            connection.send(text: ByteBuffer(string: "three"))
            let buffered = connection.bufferedBytes
            connection.flush()
            return (buffered, connection.bufferedBytes)
        }
        #expect(buffered.0 == frames.readableBytes + 7)
        #expect(buffered.1 == 0)
        for text in ["one", "two", "three"] { #expect(await client.nextMessage() == .text(ByteBuffer(string: text))) }
    }

    @Test("pings are answered with their payload; an unsolicited pong is ignored")
    func answersPings() async throws {
        let server = try await TestServer.start()
        let peer = try await server.raw()
        try await peer.upgrade()
        try await peer.send(frame: .pong, "nobody asked")
        try await peer.send(frame: .ping, "payload")
        let frames = await peer.frames(1)
        #expect(frames.first?.header == FrameHeader(opcode: .pong, payloadLength: 7))
        #expect(frames.first?.payload == ByteBuffer(string: "payload"))
    }

    @Test("a peer whose silence is tolerated is pinged on and on, and lives")
    func toleratedSilence() async throws {
        let server = try await TestServer.start()
        let peer = try await server.raw()
        try await peer.upgrade()
        let accepted = try #require(await server.nextConnection())
        try await accepted.onLoop { $0.startPinging(every: .milliseconds(20), silence: .isTolerated) }
        let frames = await peer.frames(5)
        #expect(frames.map(\.header.opcode) == Array(repeating: .ping, count: 5))
        try await accepted.send("alive")
        var next = try #require(await peer.frames(1).first)
        while next.header.opcode == .ping { next = try #require(await peer.frames(1).first) }
        #expect(next.payload == ByteBuffer(string: "alive"))
    }

    @Test("a violation is answered with its code and told to the delegate")
    func violation() async throws {
        let server = try await TestServer.start()
        let peer = try await server.raw()
        try await peer.upgrade()
        let accepted = try #require(await server.nextConnection())
        try await peer.send(FrameHeader.frame(.text, ByteBuffer(string: "not masked"), maskingKey: nil))
        let frame = try #require(await peer.frames(1).first)
        #expect(frame.payload.getInteger(at: frame.payload.readerIndex, as: UInt16.self) == 1002)
        try await peer.close()
        #expect(
            await accepted.next()
                == .closed(WebSocketEnding(code: 1002, reason: "A client's frames must be masked.", isOurs: true)))
    }

    // MARK: Closing

    @Test(
        "what was written before a close arrives before it, and both ends learn how it ended", arguments: [true, false])
    func closes(byServer: Bool) async throws {
        let server = try await TestServer.start()
        let client = try await server.dial()
        let accepted = try #require(await server.nextConnection())
        let (closing, other) = byServer ? (accepted, client) : (client, accepted)
        let isWritable = try await closing.onLoop { connection in
            connection.send(text: ByteBuffer(string: "last words"))
            connection.close(.goingAway("restart"))
            connection.close(.policy("a second call does nothing"))
            connection.send(text: ByteBuffer(string: "too late"))
            connection.flush()
            return connection.isWritable
        }
        #expect(!isWritable)
        #expect(await other.next() == .text(ByteBuffer(string: "last words")))
        #expect(await other.next() == .closed(WebSocketEnding(code: 1001, reason: "restart", isOurs: false)))
        #expect(await closing.next() == .closed(WebSocketEnding(code: 1001, reason: "restart", isOurs: true)))
    }

    @Test("a peer that never answers the close frame loses the socket")
    func silentPeer() async throws {
        var options = WebSocketOptions()
        options.closeTimeout = .milliseconds(20)
        let server = try await TestServer.start(options: options)
        let peer = try await server.raw()
        try await peer.upgrade()
        let accepted = try #require(await server.nextConnection())
        try await accepted.close(.tryAgainLater("later"))
        #expect(await accepted.next() == .closed(WebSocketEnding(code: 1013, reason: "later", isOurs: true)))
        #expect(await peer.read().count == 2 + 2 + 5)
    }

    @Test("a peer that reads nothing cannot hold up our close")
    func stuckPeer() async throws {
        var options = WebSocketOptions()
        options.closeTimeout = .milliseconds(20)
        let server = try await TestServer.start(options: options)
        let peer = try await server.raw()
        try await peer.upgrade()
        try await peer.stopReading()
        let accepted = try #require(await server.nextConnection())
        try await accepted.onLoop { connection in
            connection.sendMuch()
            connection.close(.tryAgainLater(""))
        }
        #expect(await accepted.nextMessage() == .closed(WebSocketEnding(code: 1013, reason: "", isOurs: true)))
    }

    @Test("a socket that ends in the middle of a frame ends the connection without a code")
    func endsMidFrame() async throws {
        let server = try await TestServer.start()
        let peer = try await server.raw()
        try await peer.upgrade()
        let accepted = try #require(await server.nextConnection())
        let frame = RawPeer.frame(.text, ByteBuffer(string: "never to be completed"))
        try await peer.send(frame.getSlice(at: 0, length: 12) ?? frame)
        try await peer.close()
        guard case .closed(let ending) = await accepted.next() else {
            Issue.record("no ending")
            return
        }
        #expect(ending.code == nil)
        #expect(!ending.isOurs)
    }

    @Test("an abort closes the socket at once, and everything after it does nothing")
    func aborts() async throws {
        let server = try await TestServer.start()
        let client = try await server.dial()
        let accepted = try #require(await server.nextConnection())
        try await accepted.onLoop { $0.abort() }
        #expect(await accepted.next() == .closed(WebSocketEnding(code: nil, reason: "aborted", isOurs: true)))
        guard case .closed(let ending) = await client.next() else {
            Issue.record("no ending")
            return
        }
        #expect(ending.code == nil)
        let after = try await accepted.onLoop { connection in
            connection.send(text: ByteBuffer(string: "x"))
            connection.send(encoded: ByteBuffer(string: "x"))
            connection.flush()
            connection.pauseReading()
            connection.resumeReading()
            connection.close(.goingAway(""))
            connection.abort()
            return (connection.isWritable, connection.bufferedBytes, connection.delegate == nil)
        }
        #expect(after == (false, 0, true))
    }

    @Test(
        "a delegate may close, abort or pause from within a message; nothing more is delivered", arguments: Reentry.all)
    func reentry(reentry: Reentry) async throws {
        let server = try await TestServer.start(onText: { connection, _ in reentry.act(connection) })
        let peer = try await server.raw()
        try await peer.upgrade()
        let accepted = try #require(await server.nextConnection())
        var frames = RawPeer.frame(.text, ByteBuffer(string: "first"))
        frames.writeImmutableBuffer(RawPeer.frame(.text, ByteBuffer(string: "second")))
        frames.writeImmutableBuffer(RawPeer.frame(.close, ByteBuffer()))
        try await peer.send(frames)
        #expect(await accepted.next() == .text(ByteBuffer(string: "first")))
        guard case .closed(let ending) = await accepted.next() else {
            Issue.record("the second message was delivered")
            return
        }
        #expect(ending.isOurs)
    }

    // MARK: Slow readers, on either side

    @Test("a paused reader gets no message, not even of those that came together, and all of them later, in order")
    func pausesReading() async throws {
        let server = try await TestServer.start(onText: { connection, _ in connection.pauseReading() })
        let peer = try await server.raw()
        try await peer.upgrade()
        let accepted = try #require(await server.nextConnection())
        var frames = ByteBuffer()
        for number in 0..<5 { frames.writeImmutableBuffer(RawPeer.frame(.text, ByteBuffer(string: "\(number)"))) }
        try await peer.send(frames)
        for number in 0..<5 {
            #expect(await accepted.next() == .text(ByteBuffer(string: "\(number)")))
            // If another had slipped through while paused, it would be the next event, and resuming would deliver one
            // too many.
            try await accepted.onLoop { $0.resumeReading() }
        }
        try await peer.send(frame: .close)
        try await accepted.onLoop { $0.resumeReading() }
        #expect(await accepted.next() == .closed(WebSocketEnding(code: nil, reason: "", isOurs: false)))
    }

    @Test("a reader that stays paused slows the sender down")
    func pausedReaderSlowsSender() async throws {
        let server = try await TestServer.start()
        let client = try await server.dial()
        let accepted = try #require(await server.nextConnection())
        try await accepted.onLoop { $0.pauseReading() }
        let text = ByteBuffer(repeating: UInt8(ascii: "x"), count: 1 << 20)
        try await client.onLoop {
            for _ in 0..<64 { $0.send(text: text) }
            $0.flush()
        }
        #expect(await client.next() == .writable(false))
        try await accepted.onLoop { $0.resumeReading() }
        for _ in 0..<64 { #expect(await accepted.nextMessage() == .text(text)) }
    }

    @Test("a peer that stops reading turns writability off, and on again when it reads")
    func writability() async throws {
        let server = try await TestServer.start()
        let peer = try await server.raw()
        try await peer.upgrade()
        try await peer.stopReading()
        let accepted = try #require(await server.nextConnection())
        try await accepted.onLoop { $0.sendMuch() }
        #expect(await accepted.next() == .writable(false))
        #expect(try await accepted.onLoop { $0.bufferedBytes } > 256 << 10)
        try await peer.startReading()
        #expect(await accepted.next() == .writable(true))
    }

    @Test("a peer that pings without reading is owed one pong, not thousands")
    func pingFlood() async throws {
        let server = try await TestServer.start()
        let peer = try await server.raw()
        try await peer.upgrade()
        try await peer.stopReading()
        let accepted = try #require(await server.nextConnection())
        try await accepted.onLoop { $0.sendMuch() }
        let before = try await accepted.onLoop { $0.bufferedBytes }
        var pings = ByteBuffer()
        for number in 0..<10_000 { pings.writeImmutableBuffer(RawPeer.frame(.ping, ByteBuffer(string: "\(number)"))) }
        pings.writeImmutableBuffer(RawPeer.frame(.text, ByteBuffer(string: "after the flood")))
        try await peer.send(pings)
        #expect(await accepted.nextMessage() == .text(ByteBuffer(string: "after the flood")))
        #expect(try await accepted.onLoop { $0.bufferedBytes } <= before)
        try await peer.startReading()
        let last = [0x8A, 4] + Array("9999".utf8)
        #expect(await peer.read(until: last).suffix(6) == last[...])
    }
}

/// What a delegate does from within `received(text:)`.
struct Reentry: Sendable, CustomStringConvertible {
    let description: String
    let act: @Sendable (WebSocketConnection) -> Void

    static let all = [
        Reentry(description: "close") { $0.close(.policy("")) },
        Reentry(description: "abort") { $0.abort() },
        Reentry(description: "close, then abort") {
            $0.close(.policy(""))
            $0.abort()
        },
        Reentry(description: "pause, then close") {
            $0.pauseReading()
            $0.close(.policy(""))
        },
        Reentry(description: "pause, resume, send, close") {
            $0.pauseReading()
            $0.resumeReading()
            $0.send(text: ByteBuffer(string: "x"))
            $0.close(.policy(""))
            $0.send(text: ByteBuffer(string: "x"))
            $0.flush()
        },
    ]
}

extension WebSocketConnection {
    /// Sends more than the kernel takes for a peer that does not read.
    fileprivate func sendMuch() {
        for _ in 0..<32 { send(encoded: ByteBuffer(repeating: 0, count: 1 << 20)) }
        flush()
    }
}

extension String {
    /// The first `count` bytes; the cut must not fall into a character.
    fileprivate func prefixUTF8(_ count: Int) -> String { String(decoding: utf8.prefix(count), as: UTF8.self) }
}
