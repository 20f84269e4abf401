import Contracts
import WebSocketTransport

/// What an edge says when it stops. Whoever connected to us has to come back by itself: 1012 says that there is
/// something to come back to, while some WebSocket libraries take 1001 for a normal end, and stay away. Whoever we
/// dialled gets 1001: there we come back ourselves.
extension CloseReason {
    static func stopping(_ transport: ClientTransport) -> CloseReason {
        switch transport {
        case .websocket: stoppingComeBack
        case .reverseWebSocket, .webhook, .amqp: stoppingFarewell
        }
    }

    static let stoppingComeBack = serviceRestart("Perpetua is stopping; reconnect shortly.")
    static let stoppingFarewell = goingAway("Perpetua is stopping.")
}
