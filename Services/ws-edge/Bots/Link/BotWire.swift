import NIOCore
import WebSocketTransport

/// One WebSocket to a bot as the bot's link has it: which place it fills, and what may be sent and held back there.
///
/// `@unchecked Sendable`: everything mutable is touched on `eventLoop` only; calls from elsewhere hop there, in order.
final class BotWire: @unchecked Sendable {  // confined to its event loop, as said above
    let place: BotLinkState.Connection
    let eventLoop: any EventLoop
    let remoteAddress: String
    /// `nil` once it is closed.
    private(set) var socket: WebSocketConnection?
    private(set) var isReadingPaused = false
    /// When it was read again after a pause.
    private(set) var resumedAt: NIODeadline?
    private(set) var displacement: Displacement?

    /// Why a connection lost its place to another one.
    enum Displacement: Sendable, Hashable {
        /// A newer connection of the same bot.
        case replaced
        /// `bots[entry]` is connected to the same bot.
        case duplicate(entry: Int)
        /// Another edge has the bot.
        case heldElsewhere
    }

    init(_ socket: WebSocketConnection, place: BotLinkState.Connection) {
        self.socket = socket
        self.place = place
        eventLoop = socket.eventLoop
        remoteAddress = socket.remoteAddress
    }

    /// On the event loop.
    func closed() { socket = nil }

    // MARK: From any event loop

    /// Writes a frame; ``flush()`` sends it.
    func send(_ frame: ByteBuffer) { onLoop { $0.socket?.send(text: frame) } }

    func flush() { onLoop { $0.socket?.flush() } }

    func pauseReading() {
        onLoop {
            $0.isReadingPaused = true
            $0.socket?.pauseReading()
        }
    }

    func resumeReading() {
        onLoop {
            $0.isReadingPaused = false
            $0.resumedAt = .now()
            $0.socket?.resumeReading()
        }
    }

    func close(_ reason: CloseReason, displacement: Displacement? = nil) {
        onLoop {
            $0.displacement = $0.displacement ?? displacement
            $0.socket?.close(reason)
        }
    }

    private func onLoop(_ body: @escaping @Sendable (BotWire) -> Void) {
        if eventLoop.inEventLoop { body(self) } else { eventLoop.execute { body(self) } }
    }
}
