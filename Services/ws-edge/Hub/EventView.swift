import NIOCore
import OneBot
import WebSocketTransport

/// One event as sessions look at it that do not want every event, or not as the bot wrote it. Read when the first of them asks, once for
/// all of a shard. Confined to the shard's event loop.
final class EventView {
    /// Whose event it is.
    let selfID: SelfID
    /// The event as all other clients get it.
    let text: ByteBuffer
    private lazy var event: Event? = if case .event(let event) = BotFrame(parsing: text) { event } else { nil }

    init(_ text: ByteBuffer, of bot: SelfID) {
        self.text = text
        selfID = bot
    }

    var postType: String? { event?.postType }
    /// `message_type`, `notice_type`, `request_type`, `meta_event_type`.
    var detailType: String? { event?.detailType }
    /// The group it happened in.
    private(set) lazy var groupID: Int64? = number("group_id")
    /// Who it is about; for a private message that the bot's account sent itself: whom it was sent to.
    private(set) lazy var userID: Int64? =
        postType == "message_sent" && groupID == nil ? number("target_id") ?? number("user_id") : number("user_id")

    /// A number, also where the bot wrote it as text.
    private func number(_ key: String) -> Int64? {
        guard let value = event?.json[key] else { return nil }
        return value.int64 ?? value.string.flatMap { SelfID(decimal: $0)?.number }
    }
}
