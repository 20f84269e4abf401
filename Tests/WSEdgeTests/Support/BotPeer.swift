import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import OneBot
import Synchronization
import TestSupport
import WebSocketTransport

/// The bot's end of one WebSocket, whose frames are written by hand. It keeps what it gets, in order, until a test
/// takes it.
final class BotPeer: WebSocketDelegate, Sendable {
    private struct State {
        var frames: [String] = []
        var ending: WebSocketEnding?
    }

    private let state = Mutex(State())
    private let socket: NIOLoopBound<WebSocketConnection>

    /// On the socket's event loop.
    init(_ socket: WebSocketConnection) {
        self.socket = NIOLoopBound(socket, eventLoop: socket.eventLoop)
        socket.delegate = self
    }

    func received(text: ByteBuffer) { state.withLock { $0.frames.append(String(buffer: text)) } }
    func writabilityChanged(isWritable: Bool) {}
    func closed(_ ending: WebSocketEnding) { state.withLock { $0.ending = ending } }

    func send(_ frames: String...) { send(frames) }

    func send(_ frames: [String]) {
        onLoop { socket in
            for frame in frames { socket.send(text: ByteBuffer(string: frame)) }
            socket.flush()
        }
    }

    /// Writes bytes as they are: whole frames. For bots that are the server.
    func send(raw bytes: ByteBuffer) {
        onLoop { socket in
            socket.send(encoded: bytes)
            socket.flush()
        }
    }

    func pauseReading() { onLoop { $0.pauseReading() } }
    func resumeReading() { onLoop { $0.resumeReading() } }
    func close(_ reason: CloseReason = .goingAway("the bot stops")) { onLoop { $0.close(reason) } }
    func abort() { onLoop { $0.abort() } }

    private func onLoop(_ body: @escaping @Sendable (WebSocketConnection) -> Void) {
        socket.eventLoop.execute { body(self.socket.value) }
    }

    /// Takes the first frame that came, waiting for it.
    func next() async throws -> String {
        try await eventually("the bot gets a frame") { self.state.withLock { !$0.frames.isEmpty } }
        return state.withLock { $0.frames.removeFirst() }
    }

    /// Takes the next frame, which is an action, with its name and our token (JSON).
    func nextAction() async throws -> (name: String?, token: String, frame: String) {
        let frame = try await next()
        let object = try JSONObject(ByteBuffer(string: frame))
        return (object["action"]?.string, (object["echo"]?.bytes).map { String(buffer: $0) } ?? "", frame)
    }

    var unread: [String] { state.withLock { $0.frames } }
    var ending: WebSocketEnding? { state.withLock { $0.ending } }

    func waitForEnding() async throws -> WebSocketEnding {
        try await eventually("the bot's socket is closed") { self.ending != nil }
        return ending ?? WebSocketEnding(code: nil, reason: "", isOurs: false)
    }

    /// Dials in.
    static func dial(_ url: String, headers: HTTPHeaders = [:]) async throws -> BotPeer {
        let peer = Handover<BotPeer>()
        try await WebSocketDialer(options: WebSocketOptions()).connect(
            to: url, headers: headers, on: MultiThreadedEventLoopGroup.singleton.next()
        ) { socket in peer.set(BotPeer(socket)) }
        guard let peer = peer.value else { throw BotPeerError.notHandedOver }
        return peer
    }
}

enum BotPeerError: Error { case notHandedOver }

/// A value handed over once.
final class Handover<Value: Sendable>: Sendable {
    private let box = Mutex<Value?>(nil)
    var value: Value? { box.withLock { $0 } }
    func set(_ value: Value) { box.withLock { $0 = value } }
}

/// The bot's WebSocket server, for bots that are dialled: each connection is a ``BotPeer``.
final class BotPeerServer: Sendable {
    private struct State {
        var peers: [BotPeer] = []
        var accepted = 0
        var headers: [HTTPHeaders] = []
    }

    private final class Door: Sendable {
        let state = Mutex(State())
        let refusal = Mutex<HTTPResponseStatus?>(nil)
    }

    private let door: Door
    private let server: WebSocketServer

    var port: Int { server.port }
    var url: String { "ws://127.0.0.1:\(server.port)/" }

    /// - Parameter port: 0: any.
    static func start(port: Int = 0) async throws -> BotPeerServer {
        let door = Door()
        let server = try await WebSocketServer.bind(
            host: "127.0.0.1", port: port, group: MultiThreadedEventLoopGroup.singleton, options: WebSocketOptions(),
            logger: .init(label: "bot", factory: { _ in SwiftLogNoOpLogHandler() }),
            authorise: { request in
                door.state.withLock { $0.headers.append(request.headers) }
                if let status = door.refusal.withLock({ $0 }) { return .reject(status: status, body: "{}") }
                return .accept
            },
            accepted: { socket, _ in
                let peer = BotPeer(socket)
                door.state.withLock {
                    $0.peers.append(peer)
                    $0.accepted += 1
                }
            })
        return BotPeerServer(door: door, server: server)
    }

    private init(door: Door, server: WebSocketServer) {
        self.door = door
        self.server = server
    }

    /// Answers upgrades with that status; `nil`: accepts.
    func refuse(with status: HTTPResponseStatus?) { door.refusal.withLock { $0 = status } }

    var headers: [HTTPHeaders] { door.state.withLock { $0.headers } }
    var accepted: Int { door.state.withLock { $0.accepted } }

    /// Takes the next connection, waiting for it.
    func nextPeer() async throws -> BotPeer {
        try await eventually("the bot is dialled") { self.door.state.withLock { !$0.peers.isEmpty } }
        return door.state.withLock { $0.peers.removeFirst() }
    }

    func stop() async { await server.close() }
}
