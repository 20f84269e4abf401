import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

@testable import WebSocketTransport

/// A WebSocket server on a port of the system's choice; the connections it accepts come out as a stream.
struct TestServer: Sendable {
    let server: WebSocketServer
    private let accepted: AsyncStream<Endpoint>

    static func start(
        options: WebSocketOptions = .init(), greeting: String? = nil,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        onText: @escaping Endpoint.Reaction = { _, _ in },
        authorise: @escaping @Sendable (UpgradeRequest) -> UpgradeDecision = { _ in .accept }
    ) async throws -> TestServer {
        let (stream, continuation) = AsyncStream<Endpoint>.makeStream()
        let server = try await WebSocketServer.bind(
            host: "127.0.0.1", port: 0, group: group, options: options,
            logger: Logger(label: "test"), authorise: authorise
        ) { connection, request in
            continuation.yield(Endpoint(connection, request: request, greeting: greeting, onText: onText))
        }
        return TestServer(server: server, accepted: stream)
    }

    var port: Int { server.port }

    func nextConnection() async -> Endpoint? {
        for await endpoint in accepted { return endpoint }
        return nil
    }

    /// Dials this server with our own dialer.
    func dial(
        _ target: String = "/", greeting: String? = nil, onText: @escaping Endpoint.Reaction = { _, _ in }
    ) async throws -> Endpoint {
        try await WebSocketTransportTests.dial("ws://127.0.0.1:\(port)\(target)", greeting: greeting, onText: onText)
    }

    func raw() async throws -> RawPeer { try await RawPeer.connect(port: port) }
}

/// Dials `url` and hands out our end.
/// - Parameter trust: which servers to trust, instead of those the system trusts.
func dial(
    _ url: String, headers: HTTPHeaders = [:], options: WebSocketOptions = .init(), trust: TLSConfiguration? = nil,
    greeting: String? = nil, onText: @escaping Endpoint.Reaction = { _, _ in }
) async throws -> Endpoint {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let endpoint = loop.makePromise(of: Endpoint.self)
    do {
        try await WebSocketDialer(options: options, trust: trust).connect(to: url, headers: headers, on: loop) {
            endpoint.succeed(Endpoint($0, greeting: greeting, onText: onText))
        }
    } catch {
        endpoint.fail(error)
    }
    return try await endpoint.futureResult.get()
}
