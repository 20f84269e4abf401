import NIOCore
import WebSocketTransport

/// A WebSocket to a client that we dialled. It is known by where it was dialled, not by an address that it might have
/// come from.
final class DialledConnection: ClientConnection {
    let remoteAddress: String
    private let socket: WebSocketConnection

    init(_ socket: WebSocketConnection, url: String) {
        self.socket = socket
        remoteAddress = Self.shown(url)
    }

    /// The URL for lists and logs: neither user nor query, which may hold secrets.
    static func shown(_ url: String) -> String { String(URLRedaction.redacted(url).prefix { $0 != "?" && $0 != "#" }) }

    var eventLoop: any EventLoop { socket.eventLoop }
    var isWritable: Bool { socket.isWritable }
    func send(_ frames: ByteBuffer, as kind: OutgoingKind) { socket.send(encoded: frames) }
    func flush() { socket.flush() }
    func ping(every interval: Duration) { socket.ping(every: interval) }
    func ping(_ payload: ByteBuffer, behind kind: OutgoingKind) { socket.sendPing(payload) }
    func pauseReading() { socket.pauseReading() }
    func resumeReading() { socket.resumeReading() }
    func close(_ reason: CloseReason) { socket.close(reason) }
    func abort() { socket.abort() }
}
