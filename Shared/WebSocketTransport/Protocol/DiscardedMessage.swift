public import NIOCore

/// What is left of a message that was received but not kept, so that its sender, or whoever waits for it, can be told.
public struct DiscardedMessage: Sendable, Equatable {
    public enum Reason: Sendable, Hashable {
        /// It is larger than ``WebSocketOptions/maxMessageBytes``.
        case tooLarge
        /// A text that is not UTF-8.
        case brokenText
        /// A binary message that is not UTF-8.
        case notText
        /// The process had no room for it (``WebSocketOptions/inbound``).
        case noRoom
        /// It came too slowly for the room it took.
        case tooSlow
    }

    /// How many bytes of its beginning are kept, and how many of its end.
    static let keptBytes = 64 << 10

    public let reason: Reason
    /// How long it was.
    public private(set) var byteCount: Int
    /// Its first bytes.
    public private(set) var head: ByteBuffer
    /// Its last bytes, none of which is in `head`.
    public private(set) var tail = ByteBuffer()
    private var finder: JSONMemberFinder?

    /// The value of ``WebSocketOptions/keptMember``, wherever it stood, as it was written; `nil` where there was none.
    public var member: ByteBuffer? { finder?.result }

    /// - Parameters:
    ///   - begun: what has arrived of it.
    ///   - member: the name of the member whose value is kept.
    init(_ reason: Reason, of begun: MessageAssembly?, keeping member: String? = nil) {
        self.reason = reason
        var payload = begun?.finish() ?? ByteBuffer()
        byteCount = payload.readableBytes
        var finder = member.map { JSONMemberFinder($0) }
        _ = payload.withUnsafeReadableBytes { finder?.read($0) }
        self.finder = finder
        // Copied: the large buffer is to go.
        head = Self.copied(payload.readSlice(length: min(Self.keptBytes, byteCount)))
        let rest = payload.readableBytes
        payload.moveReaderIndex(forwardBy: rest - min(Self.keptBytes, rest))
        tail = Self.copied(payload)
    }

    /// Takes `count` bytes from `input`, and keeps as many of them as may be among the first or last ones.
    /// - Parameters:
    ///   - key: unmasks them; `offset` is their place in the frame.
    ///   - following: bytes of the frame that come behind these.
    mutating func take(_ count: Int, from input: inout ByteBuffer, key: MaskingKey?, offset: Int, following: Int) {
        byteCount += count
        _ = input.withUnsafeReadableBytes { bytes in
            finder?.read(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)), key: key, offset: offset)
        }
        let first = tail.readableBytes == 0 ? min(count, Self.keptBytes - head.readableBytes) : 0
        head.append(first, from: &input, key: key, offset: offset)
        // Whatever the next frame brings, only the end of this one can be among the last bytes of the message.
        let last = min(count - first, max(0, Self.keptBytes - following))
        let between = count - first - last
        input.moveReaderIndex(forwardBy: between)
        if between > 0 { tail.clear() }
        tail.append(last, from: &input, key: key, offset: offset + first + between)
        if tail.readableBytes > 2 * Self.keptBytes { tail = Self.copied(trimmedTail) }
    }

    consuming func finish() -> DiscardedMessage {
        tail = trimmedTail
        return self
    }

    private var trimmedTail: ByteBuffer {
        var tail = tail
        tail.moveReaderIndex(forwardBy: max(0, tail.readableBytes - Self.keptBytes))
        return tail
    }

    private static func copied(_ buffer: ByteBuffer?) -> ByteBuffer {
        buffer.map { ByteBuffer(bytes: $0.readableBytesView) } ?? ByteBuffer()
    }
}

extension ByteBuffer {
    /// Moves `count` bytes behind those that are here, unmasked.
    fileprivate mutating func append(_ count: Int, from input: inout ByteBuffer, key: MaskingKey?, offset: Int) {
        guard count > 0, let slice = input.readSlice(length: count) else { return }
        writeImmutableBuffer(slice)
        if let key { mask(last: count, key: key, offset: offset) }
    }
}
