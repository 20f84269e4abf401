import NIOCore
import WebSocketTransport

/// What a session sends through and hears from: one WebSocket, or whatever stands for one. Confined to the session's
/// event loop; what happens on it is told to the session, its ``WebSocketDelegate``.
protocol ClientConnection: AnyObject {
    var eventLoop: any EventLoop { get }
    /// `address:port` of the client; of one that we reach, its URL without secrets.
    var remoteAddress: String { get }
    /// False while the client reads more slowly than we write.
    var isWritable: Bool { get }

    /// Writes text frames made by ``WebSocketConnection/encodeText(_:)``, one or several joined; nothing goes out
    /// before ``flush()``.
    func send(_ frames: ByteBuffer, as kind: OutgoingKind)
    func flush()
    /// As ``flush()``, at the latest when the batch is carried out.
    func flush(in batch: SendBatch)
    /// Pings the client at that interval, whether it answers or not.
    func ping(every interval: Duration)
    /// Writes one ping behind what was sent as that; nothing goes out before ``flush()``.
    func ping(_ payload: ByteBuffer, behind kind: OutgoingKind)
    func pauseReading()
    func resumeReading()
    func close(_ reason: CloseReason)
    func abort()
}

/// What goes out to a client. Where it is an API and Event pair of connections, each kind goes over one of the two.
enum OutgoingKind: Sendable, Hashable {
    /// Events of the bot and of ours, lifecycle and heartbeats.
    case event
    /// A response to an action.
    case answer
}

extension ClientConnection {
    func flush(in batch: SendBatch) { flush() }
    func ping(every interval: Duration) {}
    func ping(_ payload: ByteBuffer, behind kind: OutgoingKind) {}
}

extension WebSocketConnection: ClientConnection {
    func send(_ frames: ByteBuffer, as kind: OutgoingKind) { send(encoded: frames) }
    func ping(every interval: Duration) { startPinging(every: interval, silence: .isTolerated) }
    func ping(_ payload: ByteBuffer, behind kind: OutgoingKind) { sendPing(payload) }
}
