import NIOCore
import OneBot

/// `notice` / `event_gap`: events of a bot are known to be missing here. It concerns everybody who wants any of that
/// bot.
struct EventGap: OwnEventContent {
    let source: SelfID
    /// `nil` where their number is not known.
    let missed: Int?

    init(of source: SelfID, missed: Int?) {
        self.source = source
        self.missed = missed
    }

    var hearers: OwnEvent.Hearers { .followers(of: source) }
    var bot: SelfID? { source }
    func passes(_ filter: EventFilter) -> Bool { filter.passes(selfID: source) }
    func text(time: Int64, selfID: SelfID, isSelf: Bool) -> ByteBuffer { text(time: time) }

    /// Wherever it is heard, it bears the account whose events are missing.
    func text(time: Int64) -> ByteBuffer {
        var writer = OwnEvent.begun(time: time, selfID: source, postType: "notice")
        writer.add("notice_type", "event_gap")
        if let missed { writer.add("missed", missed) } else { writer.addNull("missed") }
        return writer.finish()
    }
}
