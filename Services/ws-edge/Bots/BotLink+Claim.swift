import Bus
import Contracts
import Logging
import Metrics
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// Whose the bot is: its queue comes and goes with the connection to the broker, and other edges want it.
extension BotLink {
    /// What the claim tells the link.
    var claimHandlers: BotClaim.Handlers {
        BotClaim.Handlers(
            granted: { self.claimed() }, lost: { self.stopPublishing() }, refused: { self.refused(because: $0) },
            released: { self.release(to: $0) }, deliver: { self.deliver($0) })
    }

    /// The queue is wished for while there is a connection, and until what a lost one left is published.
    func updateClaim() {
        let isWanted = state.phase != .down || (!outbox.isOpen && !outbox.isEmpty)
        claim.want(isWanted ? sequence.epoch : nil)
    }

    /// The bot's queue is ours: what was kept goes out, first and in order.
    private func claimed() {
        if services.newestElsewhere(bot) > sequence.epoch, state.phase != .down {
            // Somebody else had the bot while we were cut off, and is gone: consumers take nothing of the old epoch any more.
            beginEpoch()
        }
        wasClaimed = true
        if state.claimed() { services.changed(self, sequence.epoch, true) }
        apply(outbox.open())
        publishWaiting()
        updateClaim()
    }

    /// Another edge's link had that epoch. The claim being ours, it is over; but its epoch may be higher, by a clock ahead of ours.
    func heard(ofEpoch epoch: UInt64) {
        guard state.phase == .up, epoch > sequence.epoch else { return }
        beginEpoch(above: epoch)
        updateClaim()
        services.changed(self, sequence.epoch, true)
    }

    /// The queue, or the bus, is away: the bot's frames are kept until it is back.
    func stopPublishing() {
        guard state.unclaimed() || outbox.isOpen else { return }
        logger.notice("The bus does not take the bot's frames now; they are kept.")
        apply(outbox.close())
        updateClaim()
    }

    /// Another edge has the bot, and keeps it.
    private func refused(because reason: String) {
        let dropped = outbox.drop { $0.isEvent }
        metrics.eventsSuperseded.increment(by: dropped)
        logger.warning(
            "Another edge holds the bot; this link is closed.",
            metadata: [LogKeys.reason: "\(reason)", LogKeys.count: "\(dropped)"])
        expel(
            wasClaimed
                ? .policy("another edge holds bot \(bot) now") : .tryAgainLater("bot \(bot) is taken: \(reason)"))
    }

    /// Whether a link at another edge may have the bot: it may where it is newer.
    private func release(to wish: BotRelease) -> Bool {
        guard wish.epoch > sequence.epoch else { return false }
        if state.phase != .down {
            logger.notice(
                "A newer link at another edge takes the bot over.", metadata: [LogKeys.edgeID: "\(wish.edge.edgeID)"])
            expel(.policy("replaced by a newer connection of bot \(bot) at edge \(wish.edge.edgeID)"))
        }
        claim.want(nil)
        return true
    }

    /// Closes every connection, and gives the queue up. Answers that wait still go out: they need no claim.
    private func expel(_ reason: CloseReason) {
        let wasUp = state.phase != .down
        for place in state.expel() {
            connections.removeValue(forKey: place.number)?.close(reason, displacement: .heldElsewhere)
        }
        isActionsWritable = false
        failAll()
        apply(outbox.open())
        publishWaiting()
        if wasUp { services.changed(self, sequence.epoch, false) }
        claim.want(nil)
    }
}
