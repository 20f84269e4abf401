import NIOCore
import OneBot
import WebSocketTransport

/// One connection of the simulated bot, whoever opened it. Confined to the bot's event loop.
final class BotLink: WebSocketDelegate {
    /// A listener that lets that much pile up is cut off: the bot must not run out of memory for it.
    static let maxBufferedBytes = 256 << 20

    let role: ClientRole
    let connection: WebSocketConnection
    private let core: BotCore
    /// Succeeds when the connection has ended.
    private let ended: EventLoopPromise<Void>?

    init(connection: WebSocketConnection, role: ClientRole, core: BotCore, ended: EventLoopPromise<Void>?) {
        self.connection = connection
        self.role = role
        self.core = core
        self.ended = ended
    }

    func send(_ text: ByteBuffer) {
        guard connection.bufferedBytes <= Self.maxBufferedBytes else { return connection.abort() }
        connection.send(text: text)
    }

    func received(text: ByteBuffer) {
        core.received(text, on: self)
    }

    func writabilityChanged(isWritable: Bool) {
        if isWritable { core.feedEvents() }
    }

    func closed(_ ending: WebSocketEnding) {
        core.leave(self, ending)
        ended?.succeed()
    }
}
