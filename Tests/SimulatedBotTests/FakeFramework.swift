import Logging
import NIOCore
import NIOPosix
import WebSocketTransport

/// A server that bots dial: it accepts everybody, and records the requests.
final class FakeFramework: Sendable {
    private let server: WebSocketServer
    private let requests: AsyncStream<UpgradeRequest>

    private init(server: WebSocketServer, requests: AsyncStream<UpgradeRequest>) {
        self.server = server
        self.requests = requests
    }

    static func listen() async throws -> FakeFramework {
        let (requests, continuation) = AsyncStream.makeStream(of: UpgradeRequest.self)
        let server = try await WebSocketServer.bind(
            host: "127.0.0.1", port: 0, group: MultiThreadedEventLoopGroup.singleton, options: WebSocketOptions(),
            logger: Logger(label: "test"), authorise: { _ in .accept },
            accepted: { connection, request in
                connection.delegate = Silent()
                continuation.yield(request)
            })
        return FakeFramework(server: server, requests: requests)
    }

    var url: String { "ws://127.0.0.1:\(server.port)/" }

    /// Waits for the next connection.
    func nextRequest() async throws -> UpgradeRequest {
        for await request in requests { return request }
        throw CancellationError()
    }

    func close() async { await server.close() }

    private final class Silent: WebSocketDelegate {
        func received(text: ByteBuffer) {}
        func writabilityChanged(isWritable: Bool) {}
        func closed(_ ending: WebSocketEnding) {}
    }
}
