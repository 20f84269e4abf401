import Bus
import Contracts
import OneBot

/// Turns what the registry published into what local clients hear: `client_status` events, bots that came or went, new names.
struct ClientStatusAnnouncer: Sendable {
    /// Above that many clients, telling everyone of everyone has to be asked for: it costs a square.
    static let crowd = 1_000

    let hub: Hub
    let context: EdgeContext
    let bots: Bots
    let targets: Targets

    func announce(_ effect: PresenceReplica.Effect) {
        context.requester.doubt(effect)
        if !effect.changedBots.isEmpty {
            bots.heard(of: effect.changedBots)
            targets.heard()
            let standard = context.defaultBot
            for bot in effect.changedBots {
                hub.enqueue(.bot(bot, isDefault: bot.selfID == standard))
            }
        }
        let isCrowd = context.presence.clientCount > Self.crowd
        for client in effect.wentOffline {
            hub.enqueue(.clientStatus(client, isOnline: false, isCrowd: isCrowd))
        }
        for client in effect.cameOnline {
            hub.enqueue(.clientStatus(client, isOnline: true, isCrowd: isCrowd))
        }
        for client in Self.spokenOf(in: effect, at: context.address) {
            hub.enqueue(.onSession(client.sessionID) { $0.renamed(client.client) }, to: client.sessionID)
        }
    }

    /// The clients of an edge whose sessions have something to hear: of the others' there is one of the same number here. One that a registry
    /// took in anew may have another name with it.
    static func spokenOf(in effect: PresenceReplica.Effect, at edge: EdgeAddress) -> [OnlineClient] {
        (effect.renamed + effect.cameOnline).filter { $0.edge == edge }
    }
}
