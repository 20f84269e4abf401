import NIOCore

/// The outgoing bytes of one connection. A flush goes straight to the kernel, alone or in a ``SendBatch``, where
/// nothing waits in the channel and the bytes are one buffer, or small enough to be joined into one. All else goes
/// through the channel, which keeps what the kernel does not take (docs/decisions/0013). Confined to the connection's
/// event loop.
final class SocketOutput {
    /// Writes before a flush are copied into one buffer up to this size, which is cheaper than handing them to the
    /// channel one by one.
    private static let joinedBytes = 16 << 10

    private let context: ChannelHandlerContext
    /// `nil`: all goes through the channel.
    private var socket: PlainSocket?
    /// What was written since the last flush, while that is one buffer, or was joined into one, and nothing waits in
    /// the channel.
    private var unflushed: ByteBuffer?
    /// The batch that has bytes of this output which are not sent yet.
    private var batch: SendBatch?
    /// Whether bytes may wait in the channel; after the upgrade its answer may.
    private var mayChannelHold = true
    private var hasEnded = false

    /// - Parameter isPlain: there is nothing between the handler and the socket, such as TLS.
    init(_ context: ChannelHandlerContext, isPlain: Bool) {
        self.context = context
        socket = isPlain ? PlainSocket(of: context.channel) : nil
    }

    /// False while the peer reads more slowly than we write.
    var isWritable: Bool {
        // A channel that holds nothing is not asked: with many connections, looking at each channel would cost more
        // than all else.
        (socket != nil && !channelHolds()) || context.channel.isWritable
    }

    var bufferedBytes: Int {
        // `try?`: a channel without the option buffers nothing that could be counted.
        let held = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        return held + (unflushed?.readableBytes ?? 0)
    }

    /// `nil` once the socket is closed.
    var descriptor: CInt? { socket?.descriptor }

    func write(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>? = nil) {
        batch?.carryOut()
        if promise == nil, socket != nil, !channelHolds(), join(bytes) { return }
        if let first = unflushed {
            unflushed = nil
            giveToChannel(first)
        }
        giveToChannel(bytes, promise: promise)
    }

    func flush() {
        batch?.carryOut()
        guard !hasEnded else { return }
        guard let bytes = unflushed, let socket else { return context.flush() }
        unflushed = nil
        let sent = socket.send(bytes)
        guard sent < bytes.readableBytes else { return }
        giveToChannel(bytes, from: sent)
        context.flush()
    }

    /// As ``flush()``, but when the batch is carried out. Bytes that have to go through the channel go now.
    func flush(in batch: SendBatch) {
        guard self.batch == nil, socket != nil, let bytes = unflushed else { return flush() }
        unflushed = nil
        self.batch = batch
        batch.add(bytes, of: self)
    }

    /// The batch has sent `count` bytes of these; where that is not all, ``flush()`` follows.
    func sent(_ count: Int, of bytes: ByteBuffer) {
        batch = nil
        if count < bytes.readableBytes, !hasEnded { giveToChannel(bytes, from: count) }
    }

    /// Sends bytes of a batch now.
    func send(_ bytes: ByteBuffer) -> Int { socket?.send(bytes) ?? 0 }

    /// The socket is closed: nothing goes out any more.
    func end() {
        hasEnded = true
        socket = nil
        unflushed = nil
    }

    /// False where the two are too large to be copied into one.
    private func join(_ bytes: ByteBuffer) -> Bool {
        guard let first = unflushed?.readableBytes else {
            unflushed = bytes
            return true
        }
        guard first + bytes.readableBytes <= Self.joinedBytes else { return false }
        unflushed?.writeImmutableBuffer(bytes)
        return true
    }

    private func giveToChannel(_ bytes: ByteBuffer, from start: Int = 0, promise: EventLoopPromise<Void>? = nil) {
        var bytes = bytes
        bytes.moveReaderIndex(forwardBy: start)
        mayChannelHold = true
        context.write(NIOAny(bytes), promise: promise)
    }

    private func channelHolds() -> Bool {
        if mayChannelHold { mayChannelHold = bufferedBytes > 0 }
        return mayChannelHold
    }
}
