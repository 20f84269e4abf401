import NIOCore

/// The header of one frame (RFC 6455 §5.2), 2 to 14 bytes.
struct FrameHeader: Equatable {
    /// What a frame carries. The other eleven numbers are reserved.
    enum Opcode: UInt8 {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10
    }

    var isFinal: Bool
    /// RSV1 to RSV3, which only an extension may set; in the low three bits.
    var reservedBits: UInt8 = 0
    /// The raw number, so that messages can name a reserved one.
    var rawOpcode: UInt8
    var maskingKey: MaskingKey?
    var payloadLength: UInt64

    var opcode: Opcode? { Opcode(rawValue: rawOpcode) }
    var isControl: Bool { rawOpcode & 0x8 != 0 }

    init(isFinal: Bool = true, opcode: Opcode, maskingKey: MaskingKey? = nil, payloadLength: Int) {
        self.isFinal = isFinal
        self.rawOpcode = opcode.rawValue
        self.maskingKey = maskingKey
        self.payloadLength = UInt64(payloadLength)
    }

    /// Takes a header off the front of `input`, or nothing while it is incomplete.
    init?(reading input: inout ByteBuffer) {
        let start = input.readerIndex
        guard let (first, second) = input.readMultipleIntegers(as: (UInt8, UInt8).self) else { return nil }
        let length: UInt64?
        switch second & 0x7F {
        case 126: length = input.readInteger(as: UInt16.self).map(UInt64.init)
        case 127: length = input.readInteger(as: UInt64.self)
        case let short: length = UInt64(short)
        }
        let isMasked = second & 0x80 != 0
        let key = isMasked && length != nil ? input.readInteger(as: UInt32.self) : nil
        guard let length, !isMasked || key != nil else {
            input.moveReaderIndex(to: start)
            return nil
        }
        isFinal = first & 0x80 != 0
        reservedBits = first >> 4 & 0x7
        rawOpcode = first & 0xF
        maskingKey = key.map(MaskingKey.init(value:))
        payloadLength = length
    }

    /// Its size on the wire.
    var encodedBytes: Int {
        let length = payloadLength < 126 ? 2 : payloadLength <= UInt64(UInt16.max) ? 4 : 10
        return length + (maskingKey == nil ? 0 : 4)
    }

    func write(to output: inout ByteBuffer) {
        output.writeInteger((isFinal ? 0x80 : 0) | reservedBits << 4 | rawOpcode)
        let maskBit: UInt8 = maskingKey == nil ? 0 : 0x80
        switch payloadLength {
        case ..<126: output.writeInteger(maskBit | UInt8(payloadLength))
        case ...UInt64(UInt16.max): output.writeMultipleIntegers(maskBit | 126, UInt16(payloadLength))
        default: output.writeMultipleIntegers(maskBit | 127, payloadLength)
        }
        if let maskingKey { output.writeInteger(maskingKey.value) }
    }

    /// A whole frame in one buffer.
    static func frame(_ opcode: Opcode, _ payload: ByteBuffer, maskingKey: MaskingKey?) -> ByteBuffer {
        let header = FrameHeader(opcode: opcode, maskingKey: maskingKey, payloadLength: payload.readableBytes)
        var frame = ByteBufferAllocator().buffer(capacity: header.encodedBytes + payload.readableBytes)
        header.write(to: &frame)
        frame.writeImmutableBuffer(payload)
        if let maskingKey { frame.mask(last: payload.readableBytes, key: maskingKey) }
        return frame
    }
}
