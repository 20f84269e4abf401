import Bus
import Contracts
import NIOCore
import OneBot

/// Turns what the registry published into what local clients hear: `client_status` events, bots that came or went, new
/// names.
///
/// Everything is announced on one event loop, so that clients hear it in the order in which it happened.
struct ClientStatusAnnouncer: Sendable {
    /// Above that many clients, a client hears of all others only if it has asked for that: to tell everyone of
    /// everyone costs the square of their number.
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
        // Clients that were there before this edge are no news to anybody here.
        for client in effect.cameOnline where !effect.isFirst || client.edge == address {
            arrivals.value.came(client, at: now)
        }
        for client in effect.renamed { arrivals.value.renamed(client) }
        if !isWaiting { tellOfArrivals() }
        for client in Self.spokenOf(in: effect, at: address) {
            hub.enqueue(.onSession(client.sessionID) { $0.renamed(client.client) }, to: client.sessionID)
        }
    }

    /// Announces the clients that have been there long enough, and schedules the next.
    private func tellOfArrivals() {
        let isCrowd = isCrowd
        for client in arrivals.value.due(at: .now()) {
            hub.enqueue(.tell(.own(.clientStatus(ClientStatus(client, isOnline: true, isCrowd: isCrowd)))))
        }
        guard let due = arrivals.value.nextDue else { return }
        eventLoop.scheduleTask(deadline: due) { self.tellOfArrivals() }
    }

    private var isCrowd: Bool { presence.clientCount > Self.crowd }

    /// The clients of an edge whose sessions have something to hear. Those of other edges are left out: a session here
    /// may have the same number. A client that a new registry took in may have got another name then.
    static func spokenOf(in effect: PresenceReplica.Effect, at edge: EdgeAddress) -> [OnlineClient] {
        (effect.renamed + effect.cameOnline).filter { $0.edge == edge }
    }
}
