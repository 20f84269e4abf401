import NIOCore
import WebSocketTransport

/// The two connections of one client that wants actions and events apart (OneBot 11, reverse WebSocket): answers go
/// over the first, events over the second, and actions come over the first. Confined to its event loop.
///
/// It is open when both are, and dies with either: the other one is closed, and its ``delegate`` hears of the end when
/// both are gone.
final class ConnectionPair: ClientConnection {
    let eventLoop: any EventLoop
    let remoteAddress: String
    /// Who is told what happens.
    var delegate: (any WebSocketDelegate)?

    private let api: WebSocketConnection
    private var event: WebSocketConnection?
    private var openSockets = 1
    /// How the first of them ended.
    private var ending: WebSocketEnding?

    private enum Side { case api, event }

    /// - Parameter api: the connection for actions; it is not read before the other one has joined.
    init(api: WebSocketConnection, remoteAddress: String) {
        self.api = api
        self.remoteAddress = remoteAddress
        eventLoop = api.eventLoop
        api.delegate = Ear(self, .api)
        api.pauseReading()
    }

    /// The second connection is there.
    /// - Returns: false where the first has gone meanwhile.
    func join(event socket: WebSocketConnection) -> Bool {
        event = socket
        openSockets += 1
        socket.delegate = Ear(self, .event)
        guard ending == nil else {
            socket.close(Self.halfIsGone)
            return false
        }
        api.resumeReading()
        return true
    }

    // MARK: ClientConnection

    var isWritable: Bool { api.isWritable && event?.isWritable == true }

    func send(_ frames: ByteBuffer, as kind: OutgoingKind) {
        switch kind {
        case .answer: api.send(encoded: frames)
        case .event: event?.send(encoded: frames)
        }
    }

    func flush() {
        api.flush()
        event?.flush()
    }

    func ping(every interval: Duration) {
        api.ping(every: interval)
        event?.ping(every: interval)
    }

    func ping(_ payload: ByteBuffer, behind kind: OutgoingKind) {
        switch kind {
        case .answer: api.sendPing(payload)
        case .event: event?.sendPing(payload)
        }
    }

    /// Only the connection for actions is held back: nothing comes over the other one, but its end is to be noticed.
    func pauseReading() { api.pauseReading() }
    func resumeReading() { api.resumeReading() }

    func close(_ reason: CloseReason) {
        api.close(reason)
        event?.close(reason)
    }

    func abort() {
        api.abort()
        event?.abort()
    }

    // MARK: What the two say

    private static let halfIsGone = CloseReason.goingAway("The other connection of the pair has ended.")

    private func received(_ text: ByteBuffer, over side: Side) {
        switch side {
        case .api: delegate?.received(text: text)
        // A framework has nothing to say there; if it does all the same, the connection is not closed for it.
        case .event: break
        }
    }

    private func discarded(_ message: DiscardedMessage, over side: Side) {
        switch side {
        case .api: delegate?.discarded(message)
        case .event: break
        }
    }

    private func writabilityChanged() {
        if isWritable { delegate?.writabilityChanged(isWritable: true) }
    }

    private func closed(_ side: Side, _ socketEnding: WebSocketEnding) {
        openSockets -= 1
        if ending == nil {
            ending = socketEnding
            switch side {
            case .api: event?.close(Self.halfIsGone)
            case .event:
                // It is read again, so that its close frame is seen.
                api.resumeReading()
                api.close(Self.halfIsGone)
            }
        }
        guard openSockets == 0, let ending else { return }
        let delegate = delegate
        self.delegate = nil
        delegate?.closed(ending)
    }

    /// Hears one of the two.
    private final class Ear: WebSocketDelegate {
        private let pair: ConnectionPair
        private let side: Side

        init(_ pair: ConnectionPair, _ side: Side) {
            self.pair = pair
            self.side = side
        }

        func received(text: ByteBuffer) { pair.received(text, over: side) }
        func discarded(_ message: DiscardedMessage) { pair.discarded(message, over: side) }
        func writabilityChanged(isWritable: Bool) { pair.writabilityChanged() }
        func ponged(_ payload: ByteBuffer) { pair.delegate?.ponged(payload) }
        func closed(_ ending: WebSocketEnding) { pair.closed(side, ending) }
    }
}
