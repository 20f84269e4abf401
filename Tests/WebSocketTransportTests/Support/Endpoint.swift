import NIOCore
import NIOPosix

@testable import WebSocketTransport

/// One end of a WebSocket as a test sees it: a stream of what happened, and a way onto its event loop.
///
/// `@unchecked Sendable`: the connection is touched on its event loop only; the stream's continuation is `Sendable`.
final class Endpoint: WebSocketDelegate, @unchecked Sendable {  // confined to its event loop, as said above
    enum Event: Equatable, Sendable {
        case text(ByteBuffer)
        case writable(Bool)
        case closed(WebSocketEnding)
    }

    /// What the endpoint does with a text, besides recording it. Runs on the event loop.
    typealias Reaction = @Sendable (WebSocketConnection, ByteBuffer) -> Void

    let request: UpgradeRequest?
    private let loop: any EventLoop
    private let connection: WebSocketConnection
    private let onText: Reaction
    private let stream: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation

    /// - Parameter greeting: sent at once.
    init(
        _ connection: WebSocketConnection, request: UpgradeRequest? = nil, greeting: String? = nil,
        onText: @escaping Reaction = { _, _ in }
    ) {
        self.connection = connection
        self.request = request
        self.loop = connection.eventLoop
        self.onText = onText
        (stream, continuation) = AsyncStream.makeStream()
        connection.delegate = self
        if let greeting {
            connection.send(text: ByteBuffer(string: greeting))
            connection.flush()
        }
    }

    func received(text: ByteBuffer) {
        continuation.yield(.text(text))
        onText(connection, text)
    }

    func writabilityChanged(isWritable: Bool) { continuation.yield(.writable(isWritable)) }

    func closed(_ ending: WebSocketEnding) { continuation.yield(.closed(ending)) }

    /// The next event; waits for it.
    func next() async -> Event? {
        for await event in stream { return event }
        return nil
    }

    /// The next event other than a change of writability.
    func nextMessage() async -> Event? {
        for await event in stream {
            if case .writable = event { continue }
            return event
        }
        return nil
    }

    func onLoop<Value: Sendable>(_ body: @escaping @Sendable (WebSocketConnection) -> Value) async throws -> Value {
        try await loop.submit { body(self.connection) }.get()
    }

    /// On the event loop only.
    var connectionOnLoop: WebSocketConnection {
        loop.preconditionInEventLoop()
        return connection
    }

    func send(_ text: String) async throws {
        try await onLoop {
            $0.send(text: ByteBuffer(string: text))
            $0.flush()
        }
    }

    func close(_ reason: CloseReason) async throws { try await onLoop { $0.close(reason) } }
}

/// An echo, as the Autobahn suite wants it.
let echo: Endpoint.Reaction = { connection, text in
    connection.send(text: text)
    connection.flush()
}
