import NIOCore
import OneBot
import WebSocketTransport

/// One connection of the simulated bot, whoever opened it. Confined to the bot's event loop.
final class BotLink: WebSocketDelegate {
    /// A listener that lets this much pile up is cut off, so that the bot does not run out of memory.
    static let maxBufferedBytes = 256 << 20

    let role: ClientRole
    let connection: WebSocketConnection
    private let core: BotCore
    /// Succeeds when the connection has ended.
    private let ended: EventLoopPromise<Void>?
    /// Answers in parts, sent one after another as the peer takes them.
    private var streams: [DownloadStream] = []

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

    func add(_ stream: DownloadStream) {
        streams.append(stream)
        feedStreams()
    }

    private func feedStreams() {
        guard !streams.isEmpty else { return }
        while !streams.isEmpty, connection.isWritable {
            if let frame = streams[0].nextFrame() {
                connection.send(text: frame)
                connection.flush()
            } else {
                streams.removeFirst()
            }
        }
    }

    func received(text: ByteBuffer) {
        core.received(text, on: self)
    }

    func writabilityChanged(isWritable: Bool) {
        guard isWritable else { return }
        core.feedEvents()
        feedStreams()
    }

    func closed(_ ending: WebSocketEnding) {
        streams = []
        core.leave(self, ending)
        ended?.succeed()
    }
}
