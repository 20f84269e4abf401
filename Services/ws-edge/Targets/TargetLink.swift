import NIOCore
import WebSocketTransport

/// A connection to a target from its first socket to the end of its last one, and the session it is for. Confined to
/// its event loop.
final class TargetLink: WebSocketDelegate {
    /// Told once: how it ended.
    let ended: EventLoopFuture<WebSocketEnding>
    private let ending: EventLoopPromise<WebSocketEnding>
    private let connection: any ClientConnection
    private let seat: TargetSeat
    private var session: ClientSession?

    /// The caller makes it the connection's delegate.
    init(_ connection: any ClientConnection, seat: TargetSeat) {
        self.connection = connection
        self.seat = seat
        ending = connection.eventLoop.makePromise(of: WebSocketEnding.self)
        ended = ending.futureResult
    }

    /// Everything is open: from here on it is a client.
    func begin(_ session: ClientSession?) {
        guard let session else { return connection.close(.goingAway("Perpetua is stopping.")) }
        self.session = session
        session.start()
    }

    func close(_ reason: CloseReason) { connection.close(reason) }

    func received(text: ByteBuffer) { session?.received(text: text) }
    func discarded(_ message: DiscardedMessage) { session?.discarded(message) }
    func writabilityChanged(isWritable: Bool) { session?.writabilityChanged(isWritable: isWritable) }

    func ponged(_ payload: ByteBuffer) { session?.ponged(payload) }

    func closed(_ socketEnding: WebSocketEnding) {
        if let session {
            seat.ended(session.id, granted: session.grant, isOurs: socketEnding.isOurs)
            session.closed(socketEnding)
        }
        session = nil
        ending.succeed(socketEnding)
    }
}
