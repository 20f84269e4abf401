import Logging
import NIOCore
import NIOHTTP1
import OneBot
import WebSocketTransport

/// The bot listens (OneBot 11, WebSocket): `/` carries events and actions, `/api` actions, `/event` events.
enum SimulatedBotServer {
    static func bind(
        _ core: NIOLoopBound<BotCore>, _ configuration: SimulatedBotConfiguration, port: Int,
        on eventLoop: any EventLoop, logger: Logger
    ) async throws -> WebSocketServer {
        let token = AccessToken(configuration.accessToken)
        // An event loop is a group of one: all connections live on the bot's loop.
        return try await WebSocketServer.bind(
            host: configuration.host, port: port, group: eventLoop, options: WebSocketOptions(), logger: logger,
            authorise: { request in
                if core.value.isAway { return .reject(status: .serviceUnavailable, body: "") }
                guard role(ofPath: request.path) != nil else { return .reject(status: .notFound, body: "") }
                let verdict = token?.verdict(
                    authorization: request.headers.first(name: "Authorization"), query: request.query("access_token"))
                return switch verdict {
                case nil, .accepted: .accept
                case .missing: .reject(status: .unauthorized, body: "")
                case .wrong: .reject(status: .forbidden, body: "")
                }
            },
            accepted: { connection, request in
                core.value.join(connection, role: role(ofPath: request.path) ?? .universal)
            })
    }

    /// The role of a connection to that path; `nil`: there is no such path.
    static func role(ofPath path: String) -> ClientRole? {
        switch path {
        case "", "/": .universal
        case "/api", "/api/": .api
        case "/event", "/event/": .event
        case _: nil
        }
    }
}
