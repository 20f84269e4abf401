public import NIOCore

/// Hears what happens on one connection, on its event loop. It may call the connection from any of these.
public protocol WebSocketDelegate: AnyObject {
    /// A whole text message, or a binary one that holds UTF-8. Its UTF-8 is valid.
    func received(text: ByteBuffer)
    func writabilityChanged(isWritable: Bool)
    /// Once, last: the socket is closed.
    func closed(_ ending: WebSocketEnding)
}
