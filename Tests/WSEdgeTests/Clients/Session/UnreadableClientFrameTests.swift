import NIOCore
import OneBot
import Testing

@testable import WSEdge
@testable import WebSocketTransport

@Suite("A client's frame that is not kept")
struct UnreadableClientFrameTests {
    /// The answer to a binary message that is not UTF-8, and whose bytes come in pieces of that size.
    private func answer(to bytes: [UInt8], inPiecesOf size: Int) throws -> String? {
        var state = WebSocketState(side: .server, maxMessageBytes: 16 << 20, tolerance: [.tooLarge, .notText])
        var wire = FrameHeader.frame(
            .binary, ByteBuffer(bytes: bytes), maskingKey: MaskingKey(value: 0x1234_5678))
        var input = ByteBuffer()
        while wire.readableBytes > 0 {
            input.writeImmutableBuffer(wire.readSlice(length: min(size, wire.readableBytes)) ?? ByteBuffer())
            while true {
                let received = state.receive(&input)
                if case .needsMoreBytes = received { break }
                guard case .discarded(let message) = received else { continue }
                let frame = UnreadableFrame(message, limit: 16 << 20)
                return String(buffer: frame.cause.refusal.encoded(echo: frame.echo))
            }
        }
        return nil
    }

    private func frame(padding: Int) -> [UInt8] {
        Array(#"{"action":"x","params":{"t":""#.utf8) + [0xFF] + Array(repeating: UInt8(ascii: "x"), count: padding)
            + Array(#""},"echo":{"seq":7}}"#.utf8)
    }

    @Test("is answered 1400 with the echo behind the fault, however short it is and in whatever pieces it comes")
    func echo() throws {
        for (padding, sizes) in [(0, Array(1...60)), (70_000, [1_000, 65_536, 1 << 20]), (120_000, [9_999])] {
            for size in sizes {
                let answer = try #require(try answer(to: frame(padding: padding), inPiecesOf: size))
                #expect(answer.contains(#""retcode":1400"#))
                #expect(answer.hasSuffix(#","echo":{"seq":7}}"#), "\(padding) bytes in pieces of \(size)")
            }
        }
    }
}
