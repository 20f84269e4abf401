import NIOCore
import OneBot

/// `notice` / `bot_status`: a bot's link is gone, or is back; for clients without heartbeats.
struct BotStatus: OwnEventContent {
    let source: SelfID
    let isOnline: Bool

    init(of source: SelfID, isOnline: Bool) {
        self.source = source
        self.isOnline = isOnline
    }

    var hearers: OwnEvent.Hearers { .followersWithoutHeartbeat(of: source) }
    var bot: SelfID? { source }

    func passes(_ filter: EventFilter) -> Bool {
        filter.passes(selfID: source) && filter.passes(postType: "notice", detailType: "bot_status")
    }

    func text(time: Int64, selfID: SelfID, isSelf: Bool) -> ByteBuffer {
        var writer = OwnEvent.begun(time: time, selfID: source, postType: "notice")
        writer.add("notice_type", "bot_status")
        writer.add("online", isOnline)
        return writer.finish()
    }
}
