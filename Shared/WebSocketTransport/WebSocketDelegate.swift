public import NIOCore

/// Hears what happens on one connection, on its event loop. It may call the connection from any of these.
public protocol WebSocketDelegate: AnyObject {
    /// A whole text message, or a binary one that holds UTF-8. Its UTF-8 is valid.
    func received(text: ByteBuffer)
    /// A message came that could not be kept; only where ``WebSocketOptions/tolerance`` or ``WebSocketOptions/inbound``
    /// says that the connection lives on.
    func discarded(_ message: DiscardedMessage)
    func writabilityChanged(isWritable: Bool)
    /// A pong came, with the payload of a ping (``WebSocketConnection/sendPing(_:)``), or unasked.
    func ponged(_ payload: ByteBuffer)
    /// Once, last: the socket is closed.
    func closed(_ ending: WebSocketEnding)
}

extension WebSocketDelegate {
    /// For those whose options let none be discarded.
    public func discarded(_ message: DiscardedMessage) {}

    /// For those who ask for none.
    public func ponged(_ payload: ByteBuffer) {}
}
