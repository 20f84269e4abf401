import Bus
import Contracts
import Foundation
import Logging
import Metrics
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// The edge's one consumer: each delivery to the part that handles it. One queue, one loop: a client sees its bot's
/// events and its own answers in the order the bot sent them.
///
/// `@unchecked Sendable`: deliveries come on `eventLoop` only, and nothing here is touched elsewhere.
final class Inbox: @unchecked Sendable {  // confined to its event loop, as said above
    /// With a larger backlog, deliveries are acknowledged only when the shards have room again: so the bus holds back,
    /// and through it the bots.
    static let maxBacklogBytes = 32 << 20

    private let exchanges: Exchanges
    private let address: EdgeAddress
    private let requester: Requester
    private let view: PresenceView
    private let metrics: EdgeMetrics
    private let logger: Logger
    private let hub: Hub
    private let announcer: ClientStatusAnnouncer
    private let methods: EdgeMethods
    private let groups: GroupDelivery
    private let eventLoop: any EventLoop
    private var order = EventOrder()
    private var seen = RecentIDs(limit: 65_536)
    private var held: [Delivery] = []

    init(
        exchanges: Exchanges, address: EdgeAddress, requester: Requester, presence: PresenceView, hub: Hub,
        announcer: ClientStatusAnnouncer, methods: EdgeMethods, groups: GroupDelivery, metrics: EdgeMetrics,
        eventLoop: any EventLoop, logger: Logger
    ) {
        self.exchanges = exchanges
        self.address = address
        self.requester = requester
        view = presence
        self.metrics = metrics
        self.logger = logger
        self.hub = hub
        self.announcer = announcer
        self.methods = methods
        self.groups = groups
        self.eventLoop = eventLoop
    }

    /// A delivery that waits in a shard is acknowledged when that has room, be it an event, an answer or a broadcast.
    func receive(_ delivery: Delivery) {
        let backlog: Int
        switch delivery.exchange {
        case exchanges.events.name: backlog = event(delivery)
        case Exchange.toQueue.name: backlog = answer(delivery)
        case exchanges.presence.name:
            presence(delivery)
            backlog = 0
        case exchanges.broadcast.name: backlog = distributed(.broadcast, delivery)
        case exchanges.callback.name: backlog = distributed(.callback, delivery)
        case exchanges.rpc.name: backlog = question(delivery)
        default:
            backlog = 0
            logger.warning(
                "A message from an unknown exchange.", metadata: [LogKeys.exchange: "\(delivery.exchange)"])
        }
        acknowledge(delivery, backlog: backlog)
    }

    private func event(_ delivery: Delivery) -> Int {
        guard let bot = Exchanges.bot(inEventKey: delivery.routingKey) else { return 0 }
        metrics.events.received.increment()
        switch order.verdict(on: delivery.properties.messageID, of: bot) {
        case .drop:
            metrics.events.repeats.increment()
            return 0
        case .passAfterGap(let missed):
            metrics.events.gaps.increment()
            hub.enqueue(.tell(.own(.gap(EventGap(of: bot, missed: missed)))))
        case .pass: break
        }
        switch Exchanges.kind(ofEventKey: delivery.routingKey) {
        case .heartbeat:
            if case .event(let event) = BotFrame(parsing: delivery.body), let status = event.json["status"],
                status.kind == .object
            {
                hub.enqueue(.heartbeatStatus(bot, status.bytes))
            }
            return 0
        case .gap where delivery.properties.type == Exchanges.gapType:
            metrics.events.gaps.increment()
            // `try?`: what cannot be read says at least that something is missing.
            let missed = (try? JSONObject(delivery.body))?["missed"]?.int64
            let count = missed.flatMap { $0 > 0 ? Int(clamping: $0) : nil }
            hub.enqueue(.tell(.own(.gap(EventGap(of: bot, missed: count)))))
            return 0
        case .gap, .other: break
        }
        let frames = WebSocketConnection.encodeText(delivery.body)
        if let stamp = delivery.properties.groupStamp {
            groups.deliver(stamp, of: bot, delivery.properties.messageID, frames: frames)
        }
        return hub.enqueue(.tell(.events(bot, frames: frames, count: 1)))
    }

    private func answer(_ delivery: Delivery) -> Int {
        let isFollowed = delivery.properties.part == .more
        if let call = delivery.properties.correlationID.flatMap({ CallID($0) }) {
            return hub.enqueue(
                .answer(session: call.session, call: call.call, text: delivery.body, isFollowed: isFollowed),
                to: call.session)
        }
        if isFollowed {
            requester.receive(part: delivery)
        } else if !requester.receive(delivery) {
            metrics.lateAnswers.increment()
        }
        return 0
    }

    private func presence(_ delivery: Delivery) {
        do {
            let change = try JSONDecoder().decode(PresenceChange.self, from: Data(delivery.body.readableBytesView))
            for bot in change.bots where bot.isOnline { order.linked(bot.selfID, epoch: bot.epoch) }
            if change.kind == .edgeUp { lookForTwin(change.edge) }
            let effect = view.apply(change)
            announcer.announce(effect)
            if effect.needsSnapshot { methods.refreshPresence() }
        } catch {
            logger.warning("A presence change cannot be read.", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Reports another process under our `edge.id`: the registry takes a new run for the end of the one before it, and
    /// does not take us back.
    private func lookForTwin(_ edge: EdgeAddress?) {
        guard let edge, edge.edgeID == address.edgeID, edge != address else { return }
        logger.error(
            "Another process runs under this edge.id and counts in this one's place. Give each its own, and start this one again.",
            metadata: [LogKeys.edgeInstance: "\(edge.instance)"])
    }

    /// A question that is delivered again, because the connection was lost before we acknowledged it, was carried out
    /// already.
    private func question(_ delivery: Delivery) -> Int {
        if let id = delivery.properties.messageID, !seen.insert(id) {
            metrics.events.repeats.increment()
            return 0
        }
        if groups.receive(delivery.body, delivery.properties) { return hub.backlogBytes }
        methods.perform(delivery)
        return 0
    }

    private func distributed(_ kind: DistributedEvent.Kind, _ delivery: Delivery) -> Int {
        guard let message = DistributedMessage(decoding: delivery.body) else {
            logger.warning(
                "A \(kind.rawValue) cannot be read.", metadata: [LogKeys.routingKey: "\(delivery.routingKey)"])
            return 0
        }
        if let id = delivery.properties.messageID, !seen.insert(id) {
            metrics.events.repeats.increment()
            return 0
        }
        return hub.enqueue(.tell(.own(.distributed(DistributedEvent(kind, message)))))
    }

    private func acknowledge(_ delivery: Delivery, backlog: Int) {
        guard backlog > Self.maxBacklogBytes || !held.isEmpty else { return delivery.acknowledge() }
        held.append(delivery)
        if held.count == 1 { eventLoop.scheduleTask(in: .milliseconds(1)) { self.acknowledgeHeld() } }
    }

    private func acknowledgeHeld() {
        guard hub.backlogBytes <= Self.maxBacklogBytes / 2 else {
            eventLoop.scheduleTask(in: .milliseconds(1)) { self.acknowledgeHeld() }
            return
        }
        for delivery in held { delivery.acknowledge() }
        held.removeAll(keepingCapacity: true)
    }
}
