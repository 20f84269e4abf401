public import NIOCore

/// One established WebSocket, server or client side, confined to its event loop: every call and every callback happens
/// there.
///
/// Every call is safe at any time, also from within a callback and after the end: a call that comes too late does
/// nothing.
public final class WebSocketConnection {
    public let eventLoop: any EventLoop
    /// `address:port` of the peer.
    public let remoteAddress: String
    /// It is told what happens, and is held strongly until ``WebSocketDelegate/closed(_:)``.
    public var delegate: (any WebSocketDelegate)?
    /// `nil` once the socket is closed.
    var handler: WebSocketHandler?

    init(eventLoop: any EventLoop, remoteAddress: String) {
        self.eventLoop = eventLoop
        self.remoteAddress = remoteAddress
    }

    /// Writes one text message; nothing goes out before ``flush()``.
    public func send(text: ByteBuffer) { handler?.send(text: text) }

    /// Writes bytes made by ``encodeText(_:)`` (one frame, or several joined): unchanged where we are the server, each
    /// frame masked anew where we dialled.
    public func send(encoded: ByteBuffer) { handler?.send(encoded: encoded) }

    public func flush() { handler?.flush() }

    /// As ``flush()``, but when the batch is carried out, which has to be in this turn of the event loop.
    public func flush(in batch: SendBatch) { handler?.flush(in: batch) }

    /// Writes a ping, of at most 125 bytes; the delegate is told of the pong. Nothing goes out before ``flush()``.
    public func sendPing(_ payload: ByteBuffer) { handler?.sendPing(payload) }

    /// False while the peer reads more slowly than we write: hold further messages back.
    public var isWritable: Bool { handler?.isWritable ?? false }

    /// Bytes written and not yet taken by the kernel.
    public var bufferedBytes: Int { handler?.bufferedBytes ?? 0 }

    /// No more `received(text:)` until ``resumeReading()``; the peer is slowed down by TCP. Meanwhile the end of the
    /// socket may go unnoticed.
    public func pauseReading() { handler?.pauseReading() }

    /// Messages that arrived meanwhile come after the current callback has returned, never during this call.
    public func resumeReading() { handler?.resumeReading() }

    /// Pings the peer at that interval and ends the connection after two without a sign of life, as
    /// ``WebSocketOptions/pingInterval`` does, unless silence is tolerated. It is for one connection of a server whose
    /// others are not pinged. A second call does nothing.
    public func startPinging(every interval: Duration, silence: WebSocketOptions.Silence = .endsConnection) {
        handler?.startPinging(every: interval, silence: silence)
    }

    /// How much has come of a message that is still arriving; 0 where none is.
    public var arrivedBytes: Int { handler?.arrivedBytes ?? 0 }

    /// Tolerates more than ``WebSocketOptions/tolerance``, and lets its messages take their room from elsewhere: for
    /// one connection of a server that differs from the others. To be called before it has sent anything.
    public func tolerate(_ more: WebSocketOptions.Tolerance, in room: InboundRoom?) {
        handler?.tolerate(more, in: room)
    }

    /// Flushes, sends a close frame, waits for the peer's (at most `closeTimeout`), closes the socket. A second call
    /// does nothing. Messages that come in after it are discarded.
    public func close(_ reason: CloseReason) { handler?.close(reason) }

    /// Closes the socket at once.
    public func abort() { handler?.abort(because: "aborted") }

    /// A server's text frame: header and payload (RFC 6455 §5.2, FIN, opcode 1, not masked).
    public static func encodeText(_ payload: ByteBuffer) -> ByteBuffer {
        FrameHeader.frame(.text, payload, maskingKey: nil)
    }

    /// How large the frame is that ``encodeText(_:)`` makes of a payload of that size.
    public static func encodedBytes(ofText payloadBytes: Int) -> Int {
        FrameHeader(opcode: .text, payloadLength: payloadBytes).encodedBytes + payloadBytes
    }

    /// The payloads of frames made by ``encodeText(_:)``, one or several joined.
    public static func texts(inEncoded frames: ByteBuffer) -> [ByteBuffer] {
        var frames = frames
        var texts: [ByteBuffer] = []
        while let header = FrameHeader(reading: &frames),
            let text = frames.readSlice(length: Int(clamping: header.payloadLength))
        {
            texts.append(text)
        }
        return texts
    }
}
