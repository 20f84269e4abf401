import Metrics
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
        guard !wanted.isEmpty else { return nil }
        let (form, maxEventBytes) = (choices.form, choices.delivery.maxEventBytes)
        // Together no larger than one may be: then none is.
        let allFit = maxEventBytes.map { run.frames.readableBytes <= $0 } ?? true
        if wanted.count == events.count, allFit, form.isAsSent || !wanted.contains(where: form.concerns) {
            return run
        }
        var frames = FittingFrames(run.bot, maxEventBytes: maxEventBytes)
        for event in wanted { frames.append(event.frame(in: form)) }
        if frames.leftOut > 0 { services.metrics.eventsTooLarge.increment(by: frames.leftOut) }
        // A gap that is dropped stands for as many.
        return EventRun.Joined(bot: run.bot, frames: frames.finish(), count: wanted.count)
    }

    /// An event of our own; in the place of one that is larger than this client takes, that one is missing.
    func fitting(_ frame: ByteBuffer, of bot: SelfID) -> ByteBuffer {
        guard let maxEventBytes = choices.delivery.maxEventBytes, frame.readableBytes > maxEventBytes else {
            return frame
        }
        var frames = FittingFrames(bot, maxEventBytes: maxEventBytes)
        frames.append(frame)
        if frames.leftOut > 0 { services.metrics.eventsTooLarge.increment() }
        return frames.finish()
    }

    /// A bot's answer in the message format of this client.
    func formatted(_ answer: ByteBuffer, to action: String) -> ByteBuffer {
        guard let format = choices.messageFormat, action == "get_msg" else { return answer }
        return format.convert(answer: answer) ?? answer
    }

    // MARK: Heartbeats

    /// Between two of its heartbeats; `nil`: it has none.
    var heartbeatInterval: Duration? {
        let interval = choices.heartbeatInterval ?? services.configuration.heartbeatInterval
        return choices.metaEvents && interval > .zero ? interval : nil
    }

    /// Its interval, where that is not everybody's.
    var ownHeartbeatInterval: Duration? {
        guard let interval = choices.heartbeatInterval, interval != services.configuration.heartbeatInterval,
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
