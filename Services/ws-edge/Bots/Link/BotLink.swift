import Actions
import Bus
import Claims
import Contracts
import Logging
import Metrics
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// One bot's link: its connections (one, or an API and an Event one), what they send up (``BotUplink``), what goes down
/// to them (``BotDownlink``), and the claims on the bot (``LinkClaims``): its queue comes and goes with the connection
/// to the broker, and other edges may want it.
///
/// It lives from the first time the bot is seen to the end of the process; each time it comes up it starts an epoch.
///
/// `@unchecked Sendable`: everything mutable is touched on `eventLoop` only; whoever is elsewhere uses ``onLoop(_:)``.
final class BotLink: @unchecked Sendable {  // confined to its event loop, as said above
    let bot: SelfID
    let metrics = BotMetrics()
    let downlink: BotDownlink

    private let eventLoop: any EventLoop
    private let services: LinkServices
    private let uplink: BotUplink
    private let claims: LinkClaims
    private let wires = LinkWires()
    /// Every part that was wanted has been ours at some time since the link came up.
    private var wasClaimed = false

    /// - Parameter claim: makes the claim on a part of the bot.
    init(
        bot: SelfID, eventLoop: any EventLoop, bus: any MessageBus, events: Exchange, services: LinkServices,
        logger: Logger, claim: (BotLinkState.Part, Logger) -> Claim
    ) {
        self.bot = bot
        self.eventLoop = eventLoop
        self.services = services
        let uplink = BotUplink(
            of: bot, on: eventLoop, bus: bus, events: events, services: services, metrics: metrics, logger: logger)
        downlink = BotDownlink(of: bot, on: eventLoop, uplink: uplink, services: services, metrics: metrics)
        claims = LinkClaims { claim($0, uplink.logger) }
        self.uplink = uplink
        // Strongly: it lives as long as the process, and what has a weak reference costs more to hold with each frame.
        uplink.begin { self.hear($0) }
    }

    /// Runs `body` on the link's event loop: at once if we are there, else soon and in order.
    func onLoop(_ body: @escaping @Sendable (BotLink) -> Void) {
        if eventLoop.inEventLoop { body(self) } else { eventLoop.execute { body(self) } }
    }

    var state: BotLinkState { wires.state }
    private var log: LinkLog { LinkLog(logger: uplink.logger) }

    // MARK: Connections come and go

    func attach(_ wire: BotWire, isWritable: Bool) {
        guard let (joining, replaces) = wires.attach(wire, of: bot, uplink.logger) else { return }
        if joining.movesActions { downlink.moved() }
        if wire.place.role.callsActions { downlink.connected(wire, isWritable: isWritable) }
        let startsEpoch = joining.claims || (joining.takesEvents && uplink.hasSent)
        if joining.claims {
            wasClaimed = false
            uplink.close()
        }
        if startsEpoch { beginEpoch() }
        log.connected(wire, replaces: replaces)
        updateClaims()
        if startsEpoch, state.phase == .up { tell(isOnline: true) }
        if uplink.isFull { wire.pauseReading() }
        downlink.pump()
    }

    /// Starts an epoch, higher than any before, here or elsewhere.
    private func beginEpoch(above other: UInt64 = 0) {
        downlink.refuseWaiting()
        uplink.beginEpoch(above: max(other, services.newestElsewhere(bot)))
    }

    func lost(_ number: UInt64, because ending: WebSocketEnding) {
        let loss = wires.lost(number)
        if loss.losesActions { downlink.disconnected(ending) }
        guard loss.endsLink else { return }
        updateClaims()
        tell(isOnline: false)
        log.gone(ending)
    }

    private func tell(isOnline: Bool) { services.changed(self, uplink.epoch, isOnline) }

    /// From any event loop.
    func received(_ frame: BotFrame, from number: UInt64) {
        // Asked here, and not by `onLoop`, whose closure would be an allocation for each frame.
        guard eventLoop.inEventLoop else { return onLoop { $0.received(frame, from: number) } }
        switch frame {
        case .event(let event) where state.takesEvent(from: number): uplink.publish(event)
        case .response(let response) where state.takesResponse(from: number): downlink.received(response)
        case .unreadable(let frame) where state.takesResponse(from: number):
            // An event that cannot be passed on is a gap.
            if !downlink.received(frame) { missed(1, from: number) }
        case .event, .response, .unreadable: metrics.framesIgnored.increment()
        case .unknown: break
        }
    }

    /// Takes note that so many events of that connection are lost.
    func missed(_ count: Int, from number: UInt64) {
        if state.takesEvent(from: number) { uplink.missed(count) } else { metrics.framesIgnored.increment() }
    }

    private func hear(_ news: BotUplink.News) {
        switch news {
        case .pause: wires.pauseReading()
        case .resume: wires.resumeReading()
        case .failed:
            claims.lostAll()
            stopPublishing()
            claims.sayAgain()
        case .untaken(let token): downlink.forget(token)
        }
    }

    // MARK: Whose the bot is

    /// Every claim, and what it tells the link.
    var claimsAndHandlers: [(Claim, Claim.Handlers)] {
        claims.handled(
            granted: { if self.claims.grant($0) { self.claimed() } }, lost: { self.lost($0) },
            refused: { self.refused($0, because: $1) }, released: { self.release($0, to: $1) },
            deliver: { self.downlink.deliver($0) })
    }

    private func lost(_ part: BotLinkState.Part) {
        claims.lost(part)
        stopPublishing()
    }

    /// A part is wanted while a connection fills it. After the link is lost its claims are kept until what it left can
    /// be published.
    private func updateClaims() {
        let parts: Set<BotLinkState.Part>? =
            state.phase != .down ? state.parts : uplink.isOpen || uplink.isEmpty ? [] : nil
        claims.want(parts, for: uplink.epoch)
        if !claims.areGranted {
            if wires.unclaimed() { uplink.close() }
        } else if state.phase == .claiming {
            claimed()
        }
    }

    /// Every part that is wanted is ours.
    private func claimed() {
        if services.newestElsewhere(bot) > uplink.epoch, state.phase != .down {
            beginEpoch()  // Another edge had the bot while we were cut off: consumers take no more of the old epoch.
        }
        wasClaimed = true
        if wires.claimed() { tell(isOnline: true) }
        uplink.open()
        updateClaims()
    }

    /// Another edge's link had that epoch. The claim is ours, so that link is over; but a clock ahead of ours may have
    /// made its epoch the higher one.
    func heard(ofEpoch epoch: UInt64) {
        guard state.phase == .up, epoch > uplink.epoch else { return }
        beginEpoch(above: epoch)
        updateClaims()
        tell(isOnline: true)
    }

    /// A queue, or the bus, is away: the bot's frames are kept until it is back.
    private func stopPublishing() {
        guard wires.unclaimed() || uplink.isOpen else { return }
        log.keepsFrames()
        uplink.close()
        updateClaims()
    }

    /// Another edge has that part of the bot, and keeps it.
    private func refused(_ part: BotLinkState.Part, because reason: String) {
        let dropped = claims.holds(.events) ? 0 : uplink.dropEvents()
        metrics.eventsSuperseded.increment(by: dropped)
        log.refused(because: reason, dropped: dropped)
        expel(
            part,
            wasClaimed
                ? .policy("another edge holds bot \(bot) now") : .tryAgainLater("bot \(bot) is taken: \(reason)"))
    }

    /// Whether a link at another edge may have that part of the bot: it may where it is newer.
    private func release(_ part: BotLinkState.Part, to wish: BotRelease) -> Bool {
        guard wish.epoch > uplink.epoch else { return false }
        if state.parts.contains(part) { log.released(to: wish.edge.edgeID) }
        expel(part, .policy("replaced by a newer connection of bot \(bot) at edge \(wish.edge.edgeID)"))
        return true
    }

    /// Closes the connection that fills that part, and gives up what it filled. Of a link that ends so, answers that
    /// wait still go out: they need no claim.
    private func expel(_ part: BotLinkState.Part, _ reason: CloseReason) {
        if let loss = wires.expel(part, reason) {
            if loss.losesActions { downlink.disconnected(nil) }
            if loss.endsLink { tell(isOnline: false) }
        }
        if state.phase == .down { uplink.open() }
        updateClaims()
    }
}
