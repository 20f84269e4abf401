public import NIOCore

/// One established WebSocket, server or client side, confined to its event loop: every call and every callback happens there.
public final class WebSocketConnection {
    public let eventLoop: any EventLoop
    /// `address:port` of the peer.
    public let remoteAddress: String
    /// Who is told what happens; held strongly until ``WebSocketDelegate/closed(_:)``.
    public var delegate: (any WebSocketDelegate)?

    init(eventLoop: any EventLoop, remoteAddress: String) {
        self.eventLoop = eventLoop
        self.remoteAddress = remoteAddress
    }

    /// Writes one text message; nothing goes out before ``flush()``.
    public func send(text: ByteBuffer) { fatalError("unwritten") }

    /// Writes bytes made by ``encodeText(_:)`` (one frame, or several joined) as they are, past the frame encoder. Server side only:
    /// a client's frames are masked.
    public func send(encoded: ByteBuffer) { fatalError("unwritten") }

    public func flush() { fatalError("unwritten") }

    /// False while the peer reads more slowly than we write: hold further messages back.
    public var isWritable: Bool { fatalError("unwritten") }

    /// Bytes written and not yet taken by the kernel.
    public var bufferedBytes: Int { fatalError("unwritten") }

    /// No more `received(text:)` until ``resumeReading()`` (one message may still come); the peer is slowed down by TCP.
    public func pauseReading() { fatalError("unwritten") }
    public func resumeReading() { fatalError("unwritten") }

    /// Flushes, sends a close frame, waits for the peer's (at most `closeTimeout`), closes the socket. A second call does nothing.
    public func close(_ reason: CloseReason) { fatalError("unwritten") }

    /// Closes the socket at once.
    public func abort() { fatalError("unwritten") }

    /// A server's text frame: header and payload (RFC 6455 §5.2, FIN, opcode 1, not masked).
    public static func encodeText(_ payload: ByteBuffer) -> ByteBuffer { fatalError("unwritten") }
}

/// Hears what happens on one connection, on its event loop.
public protocol WebSocketDelegate: AnyObject {
    /// A whole text message, or a binary one that holds UTF-8. Its UTF-8 is valid.
    func received(text: ByteBuffer)
    func writabilityChanged(isWritable: Bool)
    /// Once, last: the socket is closed.
    func closed(_ ending: WebSocketEnding)
}

/// How a connection ended.
public struct WebSocketEnding: Sendable, Hashable, CustomStringConvertible {
    /// The close code the peer sent, or ours; `nil` where the socket ended without one (1006 in RFC 6455's words).
    public var code: UInt16?
    public var reason: String
    public var isOurs: Bool

    public init(code: UInt16?, reason: String, isOurs: Bool) {
        self.code = code
        self.reason = reason
        self.isOurs = isOurs
    }

    public var description: String {
        "\(isOurs ? "closed by us" : "closed by the peer") (\(code.map(String.init) ?? "no code"))\(reason.isEmpty ? "" : ": \(reason)")"
    }
}
