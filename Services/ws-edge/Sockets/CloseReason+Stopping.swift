import Contracts
import WebSocketTransport

/// What an edge says where it stops. Whoever connected to us has to come back by itself: 1012 says that there is
/// something to come back to, while some WebSocket libraries take 1001 for a normal end, and stay away. To whom we
/// dialled it is we who come back.
extension CloseReason {
    static func stopping(_ transport: ClientTransport) -> CloseReason {
        switch transport {
        case .websocket: comeBack
        case .reverseWebSocket, .webhook, .amqp: farewell
        }
    }

    static func stopping(_ origin: BotLinkState.Origin) -> CloseReason {
        switch origin {
        case .dialledIn: comeBack
        case .dialled: farewell
        }
    }

    private static let comeBack = serviceRestart("Perpetua is stopping; reconnect shortly.")
    private static let farewell = goingAway("Perpetua is stopping.")
}
