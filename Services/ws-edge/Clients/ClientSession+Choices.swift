import NIOCore
import OneBot

/// What a client has chosen, where it differs from what everybody gets (``ClientChoices``).
extension ClientSession {
    private var choices: ClientChoices { upgrade.choices }

    /// Whether this event is for this client.
    func wants(_ event: EventView) -> Bool { choices.wants(event) }

    /// Those of a run's events that are for this client, as it wants them; `nil`: none.
    func chosen(from events: [EventView], of run: EventRun.Joined) -> EventRun.Joined? {
        let wanted = events.filter(wants)
        guard let first = wanted.first else { return nil }
        let form = choices.form
        if wanted.count == events.count, form.isAsSent || !wanted.contains(where: form.concerns) { return run }
        var frames = first.frame(in: form)
        for event in wanted.dropFirst() { frames.writeImmutableBuffer(event.frame(in: form)) }
        return EventRun.Joined(bot: run.bot, frames: frames, count: wanted.count)
    }

    /// A bot's answer in the message format of this client.
    func formatted(_ answer: ByteBuffer, to action: String) -> ByteBuffer {
        guard let format = choices.messageFormat, action == "get_msg" else { return answer }
        return format.convert(answer: answer) ?? answer
    }

    // MARK: Heartbeats

    /// Its interval, where that is not everybody's.
    var ownHeartbeatInterval: Duration? {
        guard let interval = choices.heartbeatInterval, interval != context.configuration.heartbeatInterval,
            interval > .zero, choices.metaEvents, upgrade.role.receivesEvents
        else { return nil }
        return interval
    }

    /// Whether it gets a bot's heartbeats: everybody's (`nil`), or those of that interval.
    func hearsHeartbeats(of bot: SelfID, every interval: Duration? = nil) -> Bool {
        guard isOpen, choices.metaEvents, choices.heartbeatInterval != .zero else { return false }
        return ownHeartbeatInterval == interval && choices.filter.passes(selfID: bot)
    }
}
