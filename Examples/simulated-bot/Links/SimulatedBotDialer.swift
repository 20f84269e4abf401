import Logging
import NIOCore
import NIOHTTP1
import OneBot
import WebSocketTransport

/// The bot dials (OneBot 11, reverse WebSocket): one connection per target, opened again whenever it ends.
struct SimulatedBotDialer: Sendable {
    let core: NIOLoopBound<BotCore>
    let configuration: SimulatedBotConfiguration
    let eventLoop: any EventLoop
    let logger: Logger

    /// Dials until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for target in configuration.reverseTargets {
                group.addTask { await keepConnected(to: target) }
            }
        }
    }

    private func keepConnected(to target: ReverseTarget) async {
        while !Task.isCancelled {
            do {
                try await connectOnce(to: target)
            } catch {
                logger.notice("Cannot connect; the next attempt follows.", metadata: ["error": "\(error)"])
            }
            do { try await Task.sleep(for: configuration.redialInterval) } catch { return }
        }
    }

    /// Returns when the connection has ended.
    private func connectOnce(to target: ReverseTarget) async throws {
        let core = core
        let ended = eventLoop.makePromise(of: Void.self)
        do {
            guard try await !eventLoop.submit({ core.value.isAway }).get() else {
                ended.succeed()
                return
            }
            try await WebSocketDialer(options: WebSocketOptions()).connect(
                to: target.url, headers: headers(role: target.role), on: eventLoop
            ) { connection in
                core.value.join(connection, role: target.role, ended: ended)
            }
        } catch {
            ended.fail(error)
            throw error
        }
        try await ended.futureResult.get()
    }

    private func headers(role: ClientRole) -> HTTPHeaders {
        var headers: HTTPHeaders = [
            "X-Self-ID": "\(configuration.selfID)", "X-Client-Role": role.rawValue, "User-Agent": "OneBot/11",
        ]
        if let token = configuration.accessToken { headers.add(name: "Authorization", value: "Bearer \(token)") }
        return headers
    }
}
