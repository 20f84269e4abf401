import NIOCore

/// The message that is arriving: its fragments so far, and whether they are text.
///
/// Memory is allocated by the bytes that have come, not by the length that a header claims.
struct MessageAssembly {
    /// Text or binary, as its first frame says. Both must hold UTF-8.
    let opcode: FrameHeader.Opcode
    private var payload = ByteBuffer()
    private var validator = UTF8Validator()

    init(opcode: FrameHeader.Opcode) {
        self.opcode = opcode
    }

    var byteCount: Int { payload.readableBytes }
    /// Whether the text may end here; `false` in the middle of a character.
    var isWhole: Bool { validator.isComplete }

    /// Moves `count` bytes from `input` here.
    /// - Parameters:
    ///   - key: unmasks them; `offset` is their place in the frame.
    ///   - expected: bytes of the frame that are not here yet, these included.
    /// - Returns: false if they cannot belong to UTF-8 text.
    mutating func take(
        _ count: Int, from input: inout ByteBuffer, key: MaskingKey?, offset: Int, expected: Int
    ) -> Bool {
        // Reserves at most as much again as has come already, whatever length the peer announces.
        payload.reserveCapacity(minimumWritableBytes: min(expected, max(count, 2 * byteCount)))
        guard let slice = input.readSlice(length: count) else { return true }
        payload.writeImmutableBuffer(slice)
        if let key { payload.mask(last: count, key: key, offset: offset) }
        return payload.withUnsafeReadableBytes { bytes in
            validator.consume(UnsafeRawBufferPointer(rebasing: bytes.suffix(count)))
        }
    }

    consuming func finish() -> ByteBuffer { payload }
}
