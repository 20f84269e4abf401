import NIOCore

@testable import WebSocketTransport

let testKey = MaskingKey(value: 0xDEAD_BEEF)

/// A frame as a test writes it down: a client's, which is masked, unless it says otherwise.
struct FrameSpec: Sendable, CustomStringConvertible {
    var description: String
    fileprivate let bytes: [UInt8]

    static func frame(
        _ opcode: FrameHeader.Opcode, _ payload: String, isFinal: Bool = true, isMasked: Bool = true
    ) -> FrameSpec {
        frame(opcode, bytes: Array(payload.utf8), isFinal: isFinal, isMasked: isMasked)
    }

    static func frame(
        _ opcode: FrameHeader.Opcode, bytes: [UInt8], isFinal: Bool = true, isMasked: Bool = true
    ) -> FrameSpec {
        raw(opcode.rawValue, bytes, isFinal: isFinal, isMasked: isMasked)
    }

    static func close(_ code: UInt16, _ text: String) -> FrameSpec {
        frame(.close, bytes: [UInt8(code >> 8), UInt8(code & 0xFF)] + Array(text.utf8))
    }

    static func raw(
        _ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true, isMasked: Bool = true, reservedBits: UInt8 = 0
    ) -> FrameSpec {
        let key = isMasked ? testKey : nil
        var header = FrameHeader(opcode: .text, maskingKey: key, payloadLength: payload.count)
        header.rawOpcode = opcode
        header.isFinal = isFinal
        header.reservedBits = reservedBits
        var buffer = ByteBuffer()
        header.write(to: &buffer)
        buffer.writeBytes(payload)
        if let key { buffer.mask(last: payload.count, key: key) }
        let shape = "\(isFinal ? "final" : "not final")\(isMasked ? "" : ", not masked"), RSV \(reservedBits)"
        return FrameSpec(
            description: "opcode \(opcode), \(payload.count) bytes, \(shape)", bytes: Array(buffer.readableBytesView))
    }
}

extension ByteBuffer {
    static func frames(_ frames: FrameSpec...) -> ByteBuffer { ByteBuffer(bytes: frames.flatMap(\.bytes)) }
}

extension WebSocketState.Received {
    static func message(_ text: String) -> Self { .message(ByteBuffer(string: text)) }
    static func ping(_ text: String) -> Self { .ping(ByteBuffer(string: text)) }
}

extension WebSocketState {
    /// Everything these frames ask for, without the steps in which nothing is to be done.
    mutating func takes(_ frames: FrameSpec...) -> [Received] { takes(raw: ByteBuffer(bytes: frames.flatMap(\.bytes))) }

    mutating func takes(raw bytes: ByteBuffer) -> [Received] {
        var input = bytes
        return takes(from: &input)
    }

    /// Leaves in `input` what is not complete yet.
    mutating func takes(from input: inout ByteBuffer) -> [Received] {
        var all: [Received] = []
        while true {
            switch receive(&input) {
            case .needsMoreBytes: return all
            case .nothing: continue
            case let received: all.append(received)
            }
        }
    }

    /// How it would end if the socket were closed now.
    var ended: WebSocketEnding {
        var copy = self
        return copy.socketClosed(cause: WebSocketEnding(code: nil, reason: "test", isOurs: false))
    }
}
