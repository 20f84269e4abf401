import NIOCore
import Testing

@testable import WebSocketTransport

@Suite("What a WebSocketState discards, the connection living on")
struct DiscardingTests {
    private var server = WebSocketState(
        side: .server, maxMessageBytes: 100, tolerance: [.tooLarge, .notText, .brokenText])

    private static func text(of discarded: [WebSocketState.Received]) -> [String] {
        discarded.compactMap { received in
            guard case .discarded(let message) = received else { return nil }
            return String(buffer: message.head) + "|" + String(buffer: message.tail)
        }
    }

    @Test("a message over the limit, and the next one passes")
    mutating func tooLarge() throws {
        let large = String(repeating: "x", count: 101)
        let received = server.takes(.frame(.text, large), .frame(.text, "next"))
        #expect(received.count == 2)
        guard case .discarded(let message) = received.first else { throw Unexpected(received) }
        #expect(message.reason == .tooLarge)
        #expect(message.byteCount == 101)
        #expect(String(buffer: message.head) == large)
        #expect(received.last == .message("next"))
        #expect(server.isOpen)
    }

    @Test("fragments that together exceed the limit, with a ping between them that is answered")
    mutating func fragments() {
        let part = String(repeating: "x", count: 60)
        #expect(server.takes(.frame(.text, part, isFinal: false)) == [])
        #expect(server.keptBytes == 60)
        #expect(server.takes(.frame(.continuation, part, isFinal: false)) == [])
        #expect(server.keptBytes == 0)
        #expect(server.arrivedBytes == 120)
        #expect(server.takes(.frame(.ping, "p")) == [.ping("p")])
        let end = server.takes(.frame(.continuation, "end"))
        #expect(Self.text(of: end) == [part + part + "end|"])
        #expect(server.arrivedBytes == 0)
        #expect(server.takes(.frame(.text, "next")) == [.message("next")])
    }

    @Test(
        "of a long one the first and the last 64 KiB are left, whatever pieces and frames it comes in",
        arguments: 0..<12)
    func ends(round: Int) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        var state = WebSocketState(side: .server, maxMessageBytes: 100, tolerance: .tooLarge)
        let kept = DiscardedMessage.keptBytes
        let size = [kept - 1, kept + 1, 2 * kept - 7, 2 * kept + 1, 5 * kept + 3, 300_000][round % 6]
        let payload = (0..<size).map { _ in UInt8.random(in: 0x20...0x7E, using: &generator) }
        var frames: [FrameSpec] = []
        var rest = payload[...]
        repeat {
            let part = rest.prefix(Int.random(in: 0...max(1, round < 6 ? size : size / 3), using: &generator))
            rest = rest.dropFirst(part.count)
            frames.append(
                .frame(frames.isEmpty ? .text : .continuation, bytes: Array(part), isFinal: rest.isEmpty))
        } while !rest.isEmpty
        var wire = ByteBuffer()
        for frame in frames { wire.writeImmutableBuffer(.frames(frame)) }
        var input = ByteBuffer()
        var received: [WebSocketState.Received] = []
        while wire.readableBytes > 0 {
            let count = min(wire.readableBytes, Int.random(in: 1...40_000, using: &generator))
            input.writeImmutableBuffer(wire.readSlice(length: count) ?? ByteBuffer())
            received += state.takes(from: &input)
        }
        guard case .discarded(let message) = received.first, received.count == 1 else { throw Unexpected(received) }
        #expect(message.byteCount == size, "seed \(seed)")
        let (head, tail) = (Array(message.head.readableBytesView), Array(message.tail.readableBytesView))
        #expect(head == Array(payload.prefix(kept)), "seed \(seed)")
        #expect(tail == Array(payload.dropFirst(kept).suffix(kept)), "seed \(seed)")
    }

    @Test("of a discarded message the member that is kept is there, also where its bytes came before it was discarded")
    func member() throws {
        let long = String(repeating: "x", count: 200_000)
        for text in [#"{"echo":[1],"a":"\#(long)"}"#, #"{"a":"\#(long)","echo":[1],"b":"\#(long)"}"#] {
            var state = WebSocketState(
                side: .server, maxMessageBytes: 100_000, tolerance: .tooLarge, keptMember: "echo")
            let bytes = Array(text.utf8)
            let frames = [
                FrameSpec.frame(.text, bytes: Array(bytes[..<60_001]), isFinal: false),
                .frame(.continuation, bytes: Array(bytes[60_001..<90_000]), isFinal: false),
                .frame(.continuation, bytes: Array(bytes[90_000...])),
            ]
            var wire = ByteBuffer()
            for frame in frames { wire.writeImmutableBuffer(.frames(frame)) }
            var input = ByteBuffer()
            var received: [WebSocketState.Received] = []
            while wire.readableBytes > 0 {
                input.writeImmutableBuffer(wire.readSlice(length: min(7_919, wire.readableBytes)) ?? ByteBuffer())
                received += state.takes(from: &input)
            }
            guard case .discarded(let message) = received.first, received.count == 1 else { throw Unexpected(received) }
            #expect(message.member == ByteBuffer(string: "[1]"))
        }
    }

    @Test("a length of 2^62 is only passed over, piece by piece")
    mutating func endless() {
        var header = ByteBuffer()
        FrameHeader(opcode: .text, maskingKey: testKey, payloadLength: 1 << 62).write(to: &header)
        #expect(server.takes(raw: header) == [])
        for _ in 0..<100 { #expect(server.takes(raw: ByteBuffer(repeating: 0, count: 100_000)) == []) }
        #expect(server.arrivedBytes == 10_000_000)
        #expect(server.keptBytes == 0)
    }

    @Test("binary that is no text, text that is not UTF-8, and one that ends within a character")
    mutating func notUTF8() {
        let received = server.takes(
            .frame(.binary, bytes: [0x61, 0xFF, 0x62]), .frame(.text, bytes: [0x63, 0xFE]),
            .frame(.text, bytes: [0xE5, 0x90]), .frame(.text, "next"))
        let reasons = received.compactMap { received -> DiscardedMessage.Reason? in
            if case .discarded(let message) = received { message.reason } else { nil }
        }
        #expect(reasons == [.notText, .brokenText, .brokenText])
        #expect(received.last == .message("next"))
    }

    @Test("each is tolerated by itself")
    func apart() {
        var sizes = WebSocketState(side: .server, maxMessageBytes: 100, tolerance: .tooLarge)
        let sizesFailure = sizes.takes(.frame(.binary, bytes: [0xFF])).first
        var binary = WebSocketState(side: .server, maxMessageBytes: 100, tolerance: .notText)
        let binaryFailure = binary.takes(.frame(.text, bytes: [0xFF])).first
        var text = WebSocketState(side: .server, maxMessageBytes: 100, tolerance: .brokenText)
        let textFailure = text.takes(.frame(.text, String(repeating: "x", count: 101))).first
        for failure in [sizesFailure, binaryFailure, textFailure] { #expect(failure.isFailure) }
    }

    @Test("a new message within a discarded one still breaks a rule")
    mutating func ruleHolds() {
        #expect(server.takes(.frame(.text, String(repeating: "x", count: 101), isFinal: false)) == [])
        #expect(
            server.takes(.frame(.text, "y")) == [
                .fail(.protocolError("A new message began before the last one ended."))
            ])
    }

    @Test("what is discarded from outside goes on as if it had been too large")
    mutating func fromOutside() {
        #expect(server.takes(.frame(.text, "begun", isFinal: false)) == [])
        server.discard(.noRoom)
        #expect(server.keptBytes == 0)
        #expect(Self.text(of: server.takes(.frame(.continuation, " ended"))) == ["begun ended|"])
        server.discard(.noRoom)
        #expect(server.takes(.frame(.text, "next")) == [.message("next")])
    }

    private struct Unexpected: Error {
        let received: [WebSocketState.Received]
        init(_ received: [WebSocketState.Received]) { self.received = received }
    }
}

extension WebSocketState.Received? {
    fileprivate var isFailure: Bool { if case .fail? = self { true } else { false } }
}
