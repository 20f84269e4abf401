import NIOCore
import Testing

@testable import WebSocketTransport

@Suite("FrameHeader and MaskingKey")
struct FrameHeaderTests {
    @Test("the standard's examples are read and written (RFC 6455 §5.7)")
    func examples() {
        let unmasked = FrameHeader.frame(.text, ByteBuffer(string: "Hello"), maskingKey: nil)
        #expect(unmasked == ByteBuffer(bytes: [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]))
        #expect(WebSocketConnection.encodeText(ByteBuffer(string: "Hello")) == unmasked)
        let masked = FrameHeader.frame(.text, ByteBuffer(string: "Hello"), maskingKey: MaskingKey(value: 0x37FA_213D))
        #expect(masked == ByteBuffer(bytes: [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]))
    }

    @Test(
        "each length takes the shortest form that holds it",
        arguments: [
            (0, 2), (125, 2), (126, 4), (127, 4), (65_535, 4), (65_536, 10), (16 << 20, 10),
        ])
    func lengths(length: Int, bytes: Int) {
        for key in [nil, testKey] {
            let header = FrameHeader(opcode: .binary, maskingKey: key, payloadLength: length)
            var buffer = ByteBuffer()
            header.write(to: &buffer)
            #expect(buffer.readableBytes == header.encodedBytes)
            #expect(buffer.readableBytes == bytes + (key == nil ? 0 : 4))
            #expect(FrameHeader(reading: &buffer) == header)
            #expect(buffer.readableBytes == 0)
        }
    }

    @Test("a header that is not complete takes nothing", arguments: [0, 125, 126, 70_000])
    func incomplete(length: Int) {
        var whole = ByteBuffer()
        FrameHeader(opcode: .text, maskingKey: testKey, payloadLength: length).write(to: &whole)
        for count in 0..<whole.readableBytes {
            var part = whole.getSlice(at: 0, length: count) ?? ByteBuffer()
            #expect(FrameHeader(reading: &part) == nil)
            #expect(part.readableBytes == count)
        }
    }

    @Test("masking agrees with the standard's formula at any offset and length")
    func masking() {
        let key: [UInt8] = [0xDE, 0xAD, 0xBE, 0xEF]
        for offset in 0..<9 {
            for length in 0..<80 {
                var buffer = ByteBuffer(bytes: (0..<length).map(UInt8.init))
                buffer.mask(last: length, key: testKey, offset: offset)
                #expect(Array(buffer.readableBytesView) == (0..<length).map { UInt8($0) ^ key[(offset + $0) % 4] })
            }
        }
    }

    @Test("a close reason is cut to whole characters that fit into a control frame")
    func cutsCloseReason() {
        #expect(CloseReason.policy(String(repeating: "x", count: 123)).text.utf8.count == 123)
        #expect(CloseReason.policy(String(repeating: "x", count: 200)).text.utf8.count == 123)
        #expect(CloseReason.policy(String(repeating: "名", count: 100)).text == String(repeating: "名", count: 41))
    }
}
