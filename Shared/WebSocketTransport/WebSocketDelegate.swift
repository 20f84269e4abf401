public import NIOCore

/// Is told what happens on one connection, on its event loop. It may call the connection from each of these methods.
public protocol WebSocketDelegate: AnyObject {
    /// A whole text message, or a binary one that holds UTF-8. Its UTF-8 is valid.
    func received(text: ByteBuffer)
    /// A message came that could not be kept; called only where ``WebSocketOptions/tolerance`` or
    /// ``WebSocketOptions/inbound`` keeps the connection open.
    func discarded(_ message: DiscardedMessage)
    func writabilityChanged(isWritable: Bool)
    /// A pong came, with the payload of a ping (``WebSocketConnection/sendPing(_:)``), or an unsolicited one.
    func ponged(_ payload: ByteBuffer)
    /// The socket is closed: the last call, which comes once.
    func closed(_ ending: WebSocketEnding)
}

extension WebSocketDelegate {
    /// For delegates whose options let no message be discarded.
    public func discarded(_ message: DiscardedMessage) {}

    /// For delegates that send no pings.
    public func ponged(_ payload: ByteBuffer) {}
}

/// How a connection ended.
public struct WebSocketEnding: Sendable, Hashable, CustomStringConvertible {
    /// The close code the peer sent, or ours; `nil` where the socket ended without one (1005 or 1006 in RFC 6455's
    /// words).
    public var code: UInt16?
    /// The text beside the code, or what happened to the socket.
    public var reason: String
    /// Whether our side ended it.
    public var isOurs: Bool

    public init(code: UInt16?, reason: String, isOurs: Bool) {
        self.code = code
        self.reason = reason
        self.isOurs = isOurs
    }

    public var description: String {
        let who = isOurs ? "closed by us" : "closed by the peer"
        return "\(who) (\(code.map(String.init) ?? "no code"))\(reason.isEmpty ? "" : ": \(reason)")"
    }
}
