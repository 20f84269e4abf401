import Logging
import NIOCore
public import NIOHTTP1
import NIOPosix
import Synchronization
public import WebSocketTransport

/// A framework's server for reverse WebSockets: it records every attempt to connect, and hands out each connection as a
/// ``FakeClient``, since a connected framework is one.
public final class FakeFramework: Sendable {
    public struct Attempt: Sendable {
        public let request: UpgradeRequest
        public let time: ContinuousClock.Instant

        public func header(_ name: String) -> String? { request.headers.first(name: name) }
    }

    private struct State {
        var attempts: [Attempt] = []
        var unclaimed: [(client: FakeClient, request: UpgradeRequest)] = []
        /// By `X-Client-Role` and `X-Self-ID`.
        var open: [String: Int] = [:]
        var mostAtOnce = 0
        var refusal: HTTPResponseStatus?
        var greeting: CloseReason?
    }

    private final class Desk: Sendable {
        let state = Mutex(State())

        func opened(_ key: String) {
            state.withLock { state in
                state.open[key, default: 0] += 1
                state.mostAtOnce = max(state.mostAtOnce, state.open[key, default: 0])
            }
        }

        func closed(_ key: String) { state.withLock { $0.open[key, default: 1] -= 1 } }
    }

    private let desk: Desk
    private let server: WebSocketServer

    private init(desk: Desk, server: WebSocketServer) {
        self.desk = desk
        self.server = server
    }

    public static func start() async throws -> FakeFramework {
        let desk = Desk()
        let server = try await WebSocketServer.bind(
            host: "127.0.0.1", port: 0, group: MultiThreadedEventLoopGroup.singleton, options: WebSocketOptions(),
            logger: Logger(label: "framework", factory: { _ in SwiftLogNoOpLogHandler() }),
            authorise: { request in
                desk.state.withLock { state in
                    state.attempts.append(Attempt(request: request, time: .now))
                    return state.refusal.map { .reject(status: $0, body: "no") } ?? .accept
                }
            },
            accepted: { connection, request in
                let key =
                    (request.headers.first(name: "X-Client-Role") ?? "")
                    + (request.headers.first(name: "X-Self-ID") ?? "")
                desk.opened(key)
                let client = FakeClient.over(connection) { desk.closed(key) }
                let greeting = desk.state.withLock { state in
                    state.unclaimed.append((client, request))
                    return state.greeting
                }
                if let greeting { connection.close(greeting) }
            })
        return FakeFramework(desk: desk, server: server)
    }

    /// `ws://127.0.0.1:PORT`, without a path.
    public var url: String { "ws://127.0.0.1:\(server.port)" }

    /// Answers attempts with that status; `nil`: lets them in.
    public func refuse(with status: HTTPResponseStatus?) { desk.state.withLock { $0.refusal = status } }

    /// Closes every connection as soon as it is open, with that reason; `nil`: no longer.
    public func hangUp(with reason: CloseReason?) { desk.state.withLock { $0.greeting = reason } }

    public var attempts: [Attempt] { desk.state.withLock { $0.attempts } }

    /// The most connections of one role and one bot that were ever open together.
    public var mostAtOnce: Int { desk.state.withLock { $0.mostAtOnce } }

    public var openCount: Int { desk.state.withLock { $0.open.values.reduce(0, +) } }

    /// Takes the next connection of that role and bot, waiting for it.
    public func nextConnection(
        _ role: String = "Universal", of bot: String? = nil, within limit: Duration = .seconds(15)
    ) async throws -> FakeClient {
        let taken = try await eventually(within: limit, "a \(role) connection came") {
            desk.state.withLock { state in
                let index = state.unclaimed.firstIndex { _, request in
                    request.headers.first(name: "X-Client-Role") == role
                        && (bot == nil || request.headers.first(name: "X-Self-ID") == bot)
                }
                return index.map { state.unclaimed.remove(at: $0).client }
            }
        } until: {
            $0 != nil
        }
        guard let taken else { throw CancellationError() }
        return taken
    }

    public func stop() async { await server.close() }
}

/// Runs `body` with a framework of its own.
public func withFakeFramework<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (FakeFramework) async throws -> Result
) async throws -> Result {
    let framework = try await FakeFramework.start()
    let result: Result
    do {
        result = try await body(framework)
    } catch {
        await framework.stop()
        throw error
    }
    await framework.stop()
    return result
}
