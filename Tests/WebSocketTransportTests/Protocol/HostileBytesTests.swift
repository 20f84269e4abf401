import NIOCore
import Testing

@testable import WebSocketTransport

@Suite("Whatever bytes a peer sends, the server lives on", .timeLimit(.minutes(1)))
struct HostileBytesTests {
    @Test("random bytes after the upgrade, in random pieces", arguments: 0..<8)
    func afterUpgrade(round: Int) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        var options = WebSocketOptions()
        options.closeTimeout = .milliseconds(10)
        let server = try await TestServer.start(options: options, onText: echo)
        for _ in 0..<20 {
            let peer = try await server.raw()
            try await peer.upgrade()
            for _ in 0..<Int.random(in: 1...8, using: &generator) { await peer.trySend(pieces(&generator)) }
            // `try?`: the server may have hung up already.
            try? await peer.close()
        }
        await expectAlive(server, seed)
    }

    @Test("handshakes with bytes changed, left out and put in, and noise behind them", arguments: 0..<8)
    func duringUpgrade(round: Int) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let server = try await TestServer.start(onText: echo)
        for _ in 0..<40 {
            var bytes = Array(RawPeer.upgradeRequest(Bool.random(using: &generator) ? "/" : "/?a=%").utf8)
            for _ in 0..<Int.random(in: 0...4, using: &generator) { mutate(&bytes, &generator) }
            let peer = try await server.raw()
            var request = ByteBuffer(bytes: bytes)
            // The bytes that follow are either frames or a second request, and must not be taken for the other.
            if Bool.random(using: &generator) {
                request.writeString(RawPeer.upgradeRequest("/second"))
            } else {
                var noise = pieces(&generator)
                request.writeBuffer(&noise)
            }
            await peer.trySend(request)
            try? await peer.close()
        }
        await expectAlive(server, seed)
    }

    @Test(
        "whether a request is an upgrade is never seen differently by parser and server",
        arguments: [
            "Upgrade", "upgrade, close", "close,upgrade", "keep-alive,\tUpgrade", "Upgrade\t", "Upgrade;x", "Upgrade x",
            "x Upgrade", ",Upgrade,", "Upgrade ,", " , Upgrade", "upgrade\r\nConnection: close",
            "close\r\nConnection: upgrade",
            "keep-alive, upgrade\r\nConnection: keep-alive", "\"upgrade\"", "UPGRADE", "upgrad", "upgradee", "",
        ],
        ["websocket", "WebSocket", "h2c, websocket", "websocket/13", "websocket, h2c", "", "h2c\r\nUpgrade: websocket"])
    func connectionHeaders(connection: String, upgrade: String) async throws {
        // The peer answers no close frame.
        var options = WebSocketOptions()
        options.closeTimeout = .milliseconds(50)
        let server = try await TestServer.start(options: options, onText: echo)
        let peer = try await server.raw()
        let request = """
            GET / HTTP/1.1\r\nHost: a\r\nUpgrade: \(upgrade)\r\nConnection: \(connection)\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n
            """
        var bytes = ByteBuffer(string: request)
        bytes.writeString("GET /second HTTP/1.1\r\nHost: a\r\n\r\n")
        await peer.trySend(bytes)
        // Either it upgraded, and "GET" is a broken frame, or it refused: both end the connection.
        let answer = String(decoding: await peer.read().prefix(12), as: UTF8.self)
        #expect(["HTTP/1.1 101", "HTTP/1.1 426", "HTTP/1.1 400"].contains(answer))
        await expectAlive(server, 0)
    }

    private func expectAlive(_ server: TestServer, _ seed: UInt64) async {
        do {
            let client = try await server.dial()
            try await client.send("alive")
            #expect(await client.nextMessage() == .text(ByteBuffer(string: "alive")), "seed \(seed)")
        } catch {
            Issue.record("the server is gone, seed \(seed): \(error)")
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        let byte =
            [0x0D, 0x0A, 0x20, 0x09, 0x2C, 0x3A, 0x00, 0xFF, UInt8.random(in: 0...255, using: &generator)]
            .randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[place] = byte
        case 1: bytes.remove(at: place)
        default: bytes.insert(byte, at: place)
        }
    }

    /// Noise in which whole and broken frames occur.
    private func pieces(_ generator: inout SeededGenerator) -> ByteBuffer {
        var buffer = ByteBuffer()
        for _ in 0..<Int.random(in: 0...20, using: &generator) {
            switch Int.random(in: 0..<3, using: &generator) {
            case 0:
                let opcode: FrameHeader.Opcode =
                    [.text, .continuation, .binary, .ping, .pong, .close]
                    .randomElement(using: &generator) ?? .text
                let payload = ByteBuffer(repeating: 65, count: Int.random(in: 0...200, using: &generator))
                var frame = RawPeer.frame(opcode, payload, isFinal: Bool.random(using: &generator))
                buffer.writeBuffer(&frame)
            case 1:
                buffer.writeInteger(UInt64.random(in: 0 ... .max, using: &generator))
            default:
                buffer.writeInteger(UInt8.random(in: 0...255, using: &generator))
            }
        }
        return buffer
    }
}
