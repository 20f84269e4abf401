import Metrics
import NIOCore

/// A session that shares its bot's events with others (`?group=`).
extension ClientSession {
    /// Whether an event can be given to it: it is here to stay, and follows that bot.
    func takes(_ event: GroupedEvent) -> Bool {
        guard let seat, !seat.hasLeft, seat.group == event.place.group else { return false }
        if audience.shares(event.place.bot) { return true }
        // Its bot is not known yet, and may turn out to be this one.
        return audience == .unbound && !home.isKnown(event.place.bot)
    }

    /// An event of its bot, for this one of its group: now, or behind the lifecycle.
    func receive(_ event: GroupedEvent) {
        guard isOpen else { return hold(.grouped(event)) }
        // It left while it was given what it had held, this one not yet.
        guard seat?.hasLeft == false else { return event.orphaned() }
        var frames = event.frames
        if isChoosy {
            let run = EventRun.Joined(bot: event.place.bot, frames: frames, count: 1)
            guard let chosen = chosen(from: EventView.all(of: run), of: run) else { return }
            frames = chosen.frames
        }
        services.metrics.eventsDelivered.increment()
        deliver(frames, events: 1, grouped: event)
    }

    /// It goes, or is about to: what was not written to it yet is for others of its group.
    func leaveGroup() {
        guard seat?.leave() == true else { return }
        for event in outbound.takeGrouped() + held.takeGrouped() { event.orphaned() }
    }
}
