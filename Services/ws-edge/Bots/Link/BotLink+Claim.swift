import Bus
import Claims
import Contracts
import Logging
import Metrics
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// Whose the bot is: its queue comes and goes with the connection to the broker, and other edges want it.
extension BotLink {
    /// Every claim, and what it tells the link.
    var claimsAndHandlers: [(Claim, Claim.Handlers)] {
        BotLinkState.Part.allCases.map { part in
            var handlers = Claim.Handlers()
            handlers.granted = { self.granted(part) }
            handlers.lost = { self.lost(part) }
            handlers.refused = { self.refused(part, because: $0) }
            handlers.released = { self.release(part, to: $0) }
            handlers.deliver = { self.deliver($0) }
            return (claim(of: part), handlers)
        }
    }

    func claim(of part: BotLinkState.Part) -> Claim {
        switch part {
        case .actions: actionsClaim
        case .events: eventsClaim
        }
    }

    static func log(_ news: ClaimNews, _ logger: Logger) {
        switch news {
        case .cannotTell(let reason):
            logger.debug("The bot's queue cannot be claimed now.", metadata: [LogKeys.reason: "\(reason)"])
        case .cannotTake(let error, let isFirst):
            logger.log(
                level: isFirst ? .warning : .debug, "The bot's queue cannot be claimed; trying again.",
                metadata: [LogKeys.error: "\(error)"])
        case .cannotGiveUp(let error):
            logger.debug("The bot's queue could not be given up.", metadata: [LogKeys.error: "\(error)"])
        case .held, .lost, .refused, .late: break
        }
    }

    /// A part is wished for while a connection fills it, and until what a lost link left is published.
    func updateClaims() {
        if state.phase != .down {
            wanted = state.parts
        } else if outbox.isOpen || outbox.isEmpty {
            wanted = []
        }
        granted.formIntersection(wanted)
        for part in BotLinkState.Part.allCases {
            claim(of: part).want(wanted.contains(part) ? sequence.epoch : nil)
        }
        if granted != wanted {
            if state.unclaimed() { apply(outbox.close()) }
        } else if state.phase == .claiming {
            claimed()
        }
    }

    private func granted(_ part: BotLinkState.Part) {
        guard wanted.contains(part) else { return }
        granted.insert(part)
        if granted == wanted { claimed() }
    }

    private func lost(_ part: BotLinkState.Part) {
        granted.remove(part)
        stopPublishing()
    }

    /// All that is wished for is ours: what was kept goes out, first and in order.
    private func claimed() {
        if services.newestElsewhere(bot) > sequence.epoch, state.phase != .down {
            // Somebody else had the bot while we were cut off, and is gone: consumers take nothing of the old epoch any more.
            beginEpoch()
        }
        wasClaimed = true
        if state.claimed() { services.changed(self, sequence.epoch, true) }
        apply(outbox.open())
        publishWaiting()
        updateClaims()
    }

    /// A publish failed: the claims say again that they are ours once the bus works.
    func publishFailed() {
        granted = []
        stopPublishing()
        for part in wanted { claim(of: part).sayAgain() }
    }

    /// Another edge's link had that epoch. The claim being ours, it is over; but its epoch may be higher, by a clock ahead of ours.
    func heard(ofEpoch epoch: UInt64) {
        guard state.phase == .up, epoch > sequence.epoch else { return }
        beginEpoch(above: epoch)
        updateClaims()
        services.changed(self, sequence.epoch, true)
    }

    /// A queue, or the bus, is away: the bot's frames are kept until it is back.
    private func stopPublishing() {
        guard state.unclaimed() || outbox.isOpen else { return }
        logger.notice("The bus does not take the bot's frames now; they are kept.")
        apply(outbox.close())
        updateClaims()
    }

    /// Another edge has that part of the bot, and keeps it.
    private func refused(_ part: BotLinkState.Part, because reason: String) {
        let dropped = granted.contains(.events) ? 0 : outbox.drop { $0.isEvent }
        metrics.eventsSuperseded.increment(by: dropped)
        logger.warning(
            "Another edge holds the bot; this link is closed.",
            metadata: [LogKeys.reason: "\(reason)", LogKeys.count: "\(dropped)"])
        expel(
            part,
            wasClaimed
                ? .policy("another edge holds bot \(bot) now") : .tryAgainLater("bot \(bot) is taken: \(reason)"))
    }

    /// Whether a link at another edge may have that part of the bot: it may where it is newer.
    private func release(_ part: BotLinkState.Part, to wish: BotRelease) -> Bool {
        guard wish.epoch > sequence.epoch else { return false }
        if state.parts.contains(part) {
            logger.notice(
                "A newer link at another edge takes the bot over.", metadata: [LogKeys.edgeID: "\(wish.edge.edgeID)"])
        }
        expel(part, .policy("replaced by a newer connection of bot \(bot) at edge \(wish.edge.edgeID)"))
        return true
    }

    /// Closes the connection that fills that part, and gives up what it filled. Of a link that ends so, answers that wait still go out:
    /// they need no claim.
    private func expel(_ part: BotLinkState.Part, _ reason: CloseReason) {
        if let (place, loss) = state.expel(part) {
            connections.removeValue(forKey: place.number)?.close(reason, displacement: .heldElsewhere)
            if loss.losesActions {
                isActionsWritable = false
                failAll()
            }
            if loss.endsLink { services.changed(self, sequence.epoch, false) }
        }
        if state.phase == .down {
            apply(outbox.open())
            publishWaiting()
        }
        updateClaims()
    }
}
