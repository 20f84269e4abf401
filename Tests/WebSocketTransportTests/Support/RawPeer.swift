import NIOCore
import NIOPosix
import Synchronization

@testable import WebSocketTransport

/// A peer that sends whatever bytes a test likes: one end of a TCP connection.
final class RawPeer: Sendable {
    let channel: any Channel
    private let bytes: AsyncStream<ByteBuffer>
    /// Bytes that came beyond those that were asked for.
    private let rest = Mutex(ByteBuffer())

    private init(channel: any Channel, bytes: AsyncStream<ByteBuffer>) {
        self.channel = channel
        self.bytes = bytes
    }

    static func connect(port: Int) async throws -> RawPeer {
        let (stream, continuation) = AsyncStream<ByteBuffer>.makeStream()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // Small, so that the buffer fills up soon when the peer stops reading.
            .channelOption(.socketOption(.so_rcvbuf), value: 64 << 10)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawPeer(channel: channel, bytes: stream)
    }

    func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes) }
    func send(_ text: String) async throws { try await send(ByteBuffer(string: text)) }
    func send(frame opcode: FrameHeader.Opcode, _ payload: String = "", isFinal: Bool = true) async throws {
        try await send(Self.frame(opcode, ByteBuffer(string: payload), isFinal: isFinal))
    }

    /// Sends bytes and does not care whether they arrive.
    func trySend(_ bytes: ByteBuffer) async {
        // `try?`: the server may have hung up, which such tests are about.
        try? await channel.writeAndFlush(bytes)
    }

    /// Opens the WebSocket and drops the answer's head.
    func upgrade(_ target: String = "/") async throws {
        try await send(Self.upgradeRequest(target))
        _ = await head()
    }

    /// The head of an HTTP answer, with the empty line.
    func head() async -> String {
        var buffer = ByteBuffer()
        while true {
            if let end = buffer.readableBytesView.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = buffer.readString(length: end.upperBound - buffer.readerIndex)
                putBack(buffer)
                return head ?? ""
            }
            guard var piece = await nextPiece() else { return String(buffer: buffer) }
            buffer.writeBuffer(&piece)
        }
    }

    /// Everything that comes until the end of the connection, or until the bytes end with `suffix`.
    func read(until suffix: [UInt8] = []) async -> [UInt8] {
        var all = ByteBuffer()
        while var piece = await nextPiece() {
            all.writeBuffer(&piece)
            if !suffix.isEmpty, all.readableBytesView.suffix(suffix.count).elementsEqual(suffix) { break }
        }
        return Array(all.readableBytesView)
    }

    /// The next frames that come, until `count` or the end of the connection. For short frames only.
    func frames(_ count: Int) async -> [(header: FrameHeader, payload: ByteBuffer)] {
        var buffer = ByteBuffer()
        var frames: [(header: FrameHeader, payload: ByteBuffer)] = []
        while frames.count < count {
            var ahead = buffer
            if let header = FrameHeader(reading: &ahead),
                let payload = ahead.readSlice(length: Int(header.payloadLength))
            {
                frames.append((header, payload))
                buffer = ahead
            } else if var piece = await nextPiece() {
                buffer.writeBuffer(&piece)
            } else {
                break
            }
        }
        putBack(buffer)
        return frames
    }

    private func nextPiece() async -> ByteBuffer? {
        let kept = rest.withLock { rest in
            defer { rest = ByteBuffer() }
            return rest
        }
        if kept.readableBytes > 0 { return kept }
        for await piece in bytes { return piece }
        return nil
    }

    private func putBack(_ buffer: ByteBuffer) { rest.withLock { $0 = buffer } }

    func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }
    func startReading() async throws { try await channel.setOption(.autoRead, value: true).get() }

    func close() async throws { try await channel.close() }

    static func upgradeRequest(_ target: String = "/", headers: String = "") -> String {
        """
        GET \(target) HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\(headers)\r\n
        """
    }

    /// A masked frame.
    static func frame(
        _ opcode: FrameHeader.Opcode, _ payload: ByteBuffer, isFinal: Bool = true
    ) -> ByteBuffer {
        let key = MaskingKey(value: 0x1234_5678)
        var header = FrameHeader(opcode: opcode, maskingKey: key, payloadLength: payload.readableBytes)
        header.isFinal = isFinal
        var frame = ByteBuffer()
        header.write(to: &frame)
        frame.writeImmutableBuffer(payload)
        frame.mask(last: payload.readableBytes, key: key)
        return frame
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let continuation: AsyncStream<ByteBuffer>.Continuation

        init(_ continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { continuation.yield(unwrapInboundIn(data)) }
        func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
