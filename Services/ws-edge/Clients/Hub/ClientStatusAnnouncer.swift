import Bus
import Contracts
import NIOCore
import OneBot

/// Turns what the registry published into what local clients hear: `client_status` events, bots that came or went, new names.
///
/// Whoever announces does so on one event loop: what is told follows the order of what happened.
struct ClientStatusAnnouncer: Sendable {
    /// Above that many clients, telling everyone of everyone has to be asked for: it costs a square.
    static let crowd = 1_000

    private let hub: Hub
    private let presence: PresenceView
    private let address: EdgeAddress
    private let defaultBot: DefaultBot
    private let arrivals: NIOLoopBoundBox<Arrivals>
    private let eventLoop: any EventLoop
    private let heard: @Sendable (PresenceReplica.Effect) -> Void

    /// - Parameters:
    ///   - delay: how long a client has to be there before others are told that it came (`client_status_delay`).
    ///   - heard: hears of each change before clients do.
    init(
        hub: Hub, presence: PresenceView, address: EdgeAddress, defaultBot: DefaultBot, delay: Duration,
        eventLoop: any EventLoop, heard: @escaping @Sendable (PresenceReplica.Effect) -> Void
    ) {
        self.hub = hub
        self.presence = presence
        self.address = address
        self.defaultBot = defaultBot
        self.eventLoop = eventLoop
        self.heard = heard
        arrivals = .makeBoxSendingValue(Arrivals(delay: TimeAmount(delay)), eventLoop: eventLoop)
    }

    /// From anywhere: takes a snapshot, and announces how it differs from what was known.
    func replace(with snapshot: PresenceSnapshot) async throws {
        try await eventLoop.submit { self.announce(self.presence.replace(with: snapshot)) }.get()
    }

    /// On the event loop.
    func announce(_ effect: PresenceReplica.Effect) {
        heard(effect)
        if !effect.changedBots.isEmpty {
            let standard = defaultBot.selfID
            for bot in effect.changedBots {
                hub.enqueue(.bot(bot, isDefault: bot.selfID == standard))
            }
        }
        let isCrowd = isCrowd
        for client in effect.wentOffline where arrivals.value.went(client) {
            hub.enqueue(.tell(.own(.clientStatus(ClientStatus(client, isOnline: false, isCrowd: isCrowd)))))
        }
        let (now, isWaiting) = (NIODeadline.now(), arrivals.value.nextDue != nil)
        // Those who were there before this edge have come to nobody here.
        for client in effect.cameOnline where !effect.isFirst || client.edge == address {
            arrivals.value.came(client, at: now)
        }
        for client in effect.renamed { arrivals.value.renamed(client) }
        if !isWaiting { tellOfArrivals() }
        for client in Self.spokenOf(in: effect, at: address) {
            hub.enqueue(.onSession(client.sessionID) { $0.renamed(client.client) }, to: client.sessionID)
        }
    }

    /// Those whose moment is over, and then the next.
    private func tellOfArrivals() {
        let isCrowd = isCrowd
        for client in arrivals.value.due(at: .now()) {
            hub.enqueue(.tell(.own(.clientStatus(ClientStatus(client, isOnline: true, isCrowd: isCrowd)))))
        }
        guard let due = arrivals.value.nextDue else { return }
        eventLoop.scheduleTask(deadline: due) { self.tellOfArrivals() }
    }

    private var isCrowd: Bool { presence.clientCount > Self.crowd }

    /// The clients of an edge whose sessions have something to hear: of the others' there is one of the same number here. One that a registry
    /// took in anew may have another name with it.
    static func spokenOf(in effect: PresenceReplica.Effect, at edge: EdgeAddress) -> [OnlineClient] {
        (effect.renamed + effect.cameOnline).filter { $0.edge == edge }
    }
}
