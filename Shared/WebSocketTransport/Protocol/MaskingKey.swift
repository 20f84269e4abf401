import NIOCore

/// The four bytes that a client's payload is XORed with (RFC 6455 §5.3).
struct MaskingKey: Equatable {
    /// The first byte on the wire is the most significant.
    let value: UInt32

    /// An unpredictable key, as the standard demands.
    static func random() -> MaskingKey { MaskingKey(value: .random(in: 0 ... .max)) }

    /// Masks or unmasks `bytes` in place (both are the same operation). `offset` is their place in the payload.
    func apply(to bytes: UnsafeMutableRawBufferPointer, offset: Int) {
        let rotated = value << (UInt32(offset & 3) * 8) | value >> (UInt32((4 - offset & 3) & 3) * 8)
        let word = (UInt64(rotated) << 32 | UInt64(rotated)).bigEndian
        let words = SIMD4(repeating: word)
        var index = 0
        while index + 32 <= bytes.count {
            let masked = bytes.loadUnaligned(fromByteOffset: index, as: SIMD4<UInt64>.self) ^ words
            bytes.storeBytes(of: masked, toByteOffset: index, as: SIMD4<UInt64>.self)
            index += 32
        }
        while index + 8 <= bytes.count {
            let masked = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ word
            bytes.storeBytes(of: masked, toByteOffset: index, as: UInt64.self)
            index += 8
        }
        while index < bytes.count {
            bytes[index] ^= UInt8(truncatingIfNeeded: rotated >> (24 - UInt32(index & 3) * 8))
            index += 1
        }
    }
}

extension ByteBuffer {
    /// Masks or unmasks the last `count` readable bytes, which begin at `offset` of the payload.
    mutating func mask(last count: Int, key: MaskingKey, offset: Int = 0) {
        withUnsafeMutableReadableBytes { bytes in
            key.apply(to: UnsafeMutableRawBufferPointer(rebasing: bytes.suffix(count)), offset: offset)
        }
    }
}
