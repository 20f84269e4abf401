import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing

@testable import WebSocketTransport

extension FuzzTests {
    @Test("WebSocket frames: what they say does not depend on the pieces they come in")
    func frames() {
        Fuzz(.frames).run { random in
            let side: WebSocketState.Side = random.once(in: 3) ? .client : .server
            let bytes = Self.frames(for: side, &random)
            let limit = [0, 1, 125, 126, 1000, 70_000, 16 << 20, 1 << 40].randomElement(using: &random) ?? 0
            var ours = random
            let (whole, pieces) = (
                Self.read([bytes[...]], side, limit, &ours), Self.read(random.pieces(of: bytes), side, limit, &random)
            )
            try Broken.unless(whole == pieces, "\(whole) at once, \(pieces) in pieces", bytes)
        }
    }

    @Test("WebSocket handshakes: requests, answers, URLs")
    func handshakes() throws {
        let requests = Mutator(seeds: Self.requests, words: Self.handshakeWords)
        let answers = Mutator(seeds: Self.answers, words: Self.handshakeWords)
        let urls = Mutator(seeds: Self.urls, words: Self.urlWords)
        Fuzz(.handshake).run { random in
            let url = String(decoding: urls.input(&random), as: UTF8.self)
            _ = RequestTarget(url)
            _ = URLRedaction.redacted(url)
            _ = try? DialTarget(url)  // most are none
            switch Int.random(in: 0..<4, using: &random) {
            case 0: try Self.serve(requests.input(&random), &random)
            case 1: try Self.dial(answers.input(&random), &random)
            default: break
            }
        }
    }

    // MARK: Frames

    /// A conversation, more or less by the rules.
    private static func frames(for side: WebSocketState.Side, _ random: inout SeededGenerator) -> [UInt8] {
        var buffer = ByteBuffer()
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            if random.once(in: 12) { buffer.writeInteger(UInt64.random(in: 0 ... .max, using: &random)) }
            let opcode =
                [0, 1, 1, 2, 8, 9, 10, UInt8.random(in: 0...15, using: &random)].randomElement(using: &random) ?? 1
            let payload = payload(of: opcode, &random)
            let isMasked = (side == .server) != random.once(in: 20)
            var header = FrameHeader(
                isFinal: !random.once(in: 3), opcode: .text, maskingKey: isMasked ? .random() : nil,
                payloadLength: payload.count)
            // Not `random()`: the seed must repeat it.
            if isMasked { header.maskingKey = MaskingKey(value: .random(in: 0 ... .max, using: &random)) }
            header.rawOpcode = opcode
            if random.once(in: 20) { header.reservedBits = .random(in: 0...7, using: &random) }
            if random.once(in: 16) {
                let lengths: [UInt64] = [
                    0, 125, 126, 65_535, 65_536, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max, .max - 1,
                ]
                header.payloadLength = lengths.randomElement(using: &random) ?? 0
            }
            header.write(to: &buffer)
            buffer.writeBytes(payload)
            if let key = header.maskingKey { buffer.mask(last: payload.count, key: key) }
        }
        var bytes = Array(buffer.readableBytesView)
        if random.once(in: 3) { Mutator(seeds: [bytes], words: []).change(&bytes, &random) }
        return bytes
    }

    private static func payload(of opcode: UInt8, _ random: inout SeededGenerator) -> [UInt8] {
        if opcode == 8 {
            let code =
                [1000, 1001, 1005, 1012, 4999, UInt16.random(in: 0 ... .max, using: &random)]
                .randomElement(using: &random) ?? 1000
            let bytes = [UInt8(code >> 8), UInt8(code & 0xFF)] + Array("going".utf8)
            return Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
        }
        let lengths = [0, 1, 5, 125, 126, 127, 300] + (random.once(in: 50) ? [65_535, 65_536] : [])
        var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: lengths.randomElement(using: &random) ?? 0)
        if random.once(in: 2) { bytes += Mutator.texts.randomElement(using: &random) ?? [] }
        return bytes
    }

    /// Everything the bytes ask for, in order.
    private static func read(
        _ pieces: [ArraySlice<UInt8>], _ side: WebSocketState.Side, _ limit: Int, _ random: inout SeededGenerator
    ) -> [WebSocketState.Received] {
        var state = WebSocketState(side: side, maxMessageBytes: limit)
        var asked: [WebSocketState.Received] = []
        var input = ByteBuffer()
        for piece in pieces {
            input.writeBytes(piece)
            // A bound for the loop: each frame but the last takes at least two bytes, and a frame may ask for nothing.
            for _ in 0...(input.readableBytes + 2) {
                let received = state.receive(&input)
                if received == .needsMoreBytes { break }
                if received != .nothing { asked.append(received) }
            }
        }
        _ = state.close(.goingAway("the end"))
        _ = state.socketClosed(cause: WebSocketEnding(code: nil, reason: "the end", isOurs: true))
        return asked
    }

    // MARK: Handshakes

    private static let requests = [
        """
        GET /onebot/v11/ws?access_token=t%20x&self_id=10001 HTTP/1.1\r\nHost: 127.0.0.1:6700\r\nUpgrade: websocket\r
        Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r
        Origin: http://localhost\r\nX-Self-ID: 10001\r\nX-Client-Role: Universal\r\nAuthorization: Bearer t\r\n\r\n
        """,
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "GET http://a/?x HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
    ].map { Array($0.utf8) }

    private static let answers = [
        """
        HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n
        """,
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 20\r\n\r\n{\"status\":\"failed\"}\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 401\r\n\r\n",
    ].map { Array($0.utf8) }

    private static let handshakeWords = [
        "\r\n", "\r\n\r\n", ": ", ",", "Upgrade: websocket\r\n", "Connection: Upgrade\r\n", "Connection: close\r\n",
        "Sec-WebSocket-Key: a\r\n", "Sec-WebSocket-Version: 8\r\n", "Content-Length: 99999999999999999999\r\n",
        "Content-Length: -1\r\n", "Transfer-Encoding: chunked\r\n", "HTTP/1.1", "HTTP/9.9", "POST ", "%00", "?", "#",
        "&",
        "ffffffffffffffff\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
    ]

    private static let urls = [
        "ws://user:p%40ss@127.0.0.1:6700/onebot/v11/ws?access_token=a&b=%E4%BD%A0#c", "wss://[::1]:443/?token=",
        "/?a=1&a",
        "ws://例え.jp:65536", "/event?self_id=10001&group_ids=1,2",
    ].map { Array($0.utf8) }

    private static let urlWords = [
        "ws://", "wss://", "//", "/", "?", "&", "=", "#", "@", ":", "[", "]", "%", "%2", "%zz", "%00", "%ff", "+",
        "access_token=", "client_token=", ":65535", ":99999999999999999999",
    ]

    private static func serve(_ bytes: [UInt8], _ random: inout SeededGenerator) throws {
        let channel = EmbeddedChannel()
        let behaviour = WebSocketServer.Behaviour(
            options: WebSocketOptions(), logger: Logger(label: "fuzz", factory: { _ in SwiftLogNoOpLogHandler() }),
            authorise: { $0.path.isEmpty ? .reject(status: .badRequest, body: "", headers: [:]) : .accept },
            accepted: { _, _ in })
        let encoder = HTTPResponseEncoder()
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
        try channel.pipeline.syncOperations.addHandlers(
            encoder, decoder, UpgradeHandler(server: behaviour, encoder: encoder, decoder: decoder))
        feed(bytes, to: channel, &random)
    }

    private static func dial(_ bytes: [UInt8], _ random: inout SeededGenerator) throws {
        let channel = EmbeddedChannel()
        let outcome = channel.eventLoop.makePromise(of: Void.self)
        let dial = DialHandler.Dial(
            url: "ws://a/", target: try DialTarget("ws://127.0.0.1:1/"), headers: [:], options: .init(),
            accepted: { _ in }, outcome: outcome)
        let encoder = HTTPRequestEncoder()
        let decoder = ByteToMessageHandler(UpgradeResponseDecoder())
        try channel.pipeline.syncOperations.addHandlers(
            encoder, decoder, DialHandler(dial, encoder: encoder, decoder: decoder))
        channel.pipeline.fireUserInboundEventTriggered(DialHandler.Connected())
        feed(bytes, to: channel, &random)
        outcome.fail(DialError.timedOut("ws://a/"))
    }

    /// Feeds the bytes in pieces, and then the end. Errors are expected: most of these inputs are meant to fail.
    private static func feed(_ bytes: [UInt8], to channel: EmbeddedChannel, _ random: inout SeededGenerator) {
        if let address { channel.connect(to: address, promise: nil) }
        for piece in random.pieces(of: bytes).prefix(64) {
            _ = try? channel.writeInbound(ByteBuffer(bytes: piece))
            channel.embeddedEventLoop.run()
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    private static let address = try? SocketAddress(ipAddress: "127.0.0.1", port: 1)
}
