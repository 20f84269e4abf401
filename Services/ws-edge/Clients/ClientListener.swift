import Contracts
import Metrics
import NIOCore
import OneBot
import WebSocketTransport

/// Turns upgraded connections into client sessions, whichever port they came through.
final class ClientListener: Sendable {
    private let context: EdgeContext
    private let hub: Hub
    private let token: AccessToken?

    init(context: EdgeContext, hub: Hub) {
        self.context = context
        self.hub = hub
        token = AccessToken(context.configuration.accessToken)
    }

    /// Whether a client may come in.
    func decide(_ request: UpgradeRequest) -> UpgradeDecision {
        do {
            _ = try ClientUpgrade(request, accessToken: token, defaults: context.configuration.choices)
            return .accept
        } catch {
            return error.decision
        }
    }

    /// Makes a session of an upgraded connection; on its event loop, before any frame is read.
    /// - Parameter lease: what the port was leased for; `nil` on the shared port.
    func accept(
        _ connection: WebSocketConnection, _ request: UpgradeRequest, lease: EdgeAPI.OpenPort? = nil,
        onEnded: @escaping () -> Void = {}
    ) {
        // It was decided on this request a moment ago, with the token: what is left cannot be refused.
        var upgrade =
            (try? ClientUpgrade(request, accessToken: nil, defaults: context.configuration.choices)) ?? ClientUpgrade()
        if let lease {
            upgrade.clientToken = lease.clientToken
            if let bot = lease.selfID { upgrade.binding = .bot(bot) }
        }
        let shard = hub.shard(on: connection.eventLoop)
        let selfID: SelfID? =
            switch upgrade.binding {
            case .bot(let bot): bot
            case .defaultBot: context.defaultBot
            case .everyBot: nil
            }
        let claim = SessionClaim(
            sessionID: hub.nextSessionID(on: shard), role: upgrade.role, transport: .websocket, selfID: selfID,
            connectedAt: UnixTime.now, remoteAddress: connection.remoteAddress, clientToken: upgrade.clientToken,
            resumeSeconds: upgrade.resumeSeconds,
            group: upgrade.group)
        let session = ClientSession(
            connection: connection, upgrade: upgrade, claim: claim, shard: shard, context: context
        ) { [hub, clients = context.metrics.clients(upgrade.role)] in
            hub.changeCount(by: -1)
            clients.decrement()
            onEnded()
        }
        hub.changeCount(by: 1)
        context.metrics.clients(upgrade.role).increment()
        connection.delegate = session
        session.start()
    }
}
