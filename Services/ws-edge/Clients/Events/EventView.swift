import NIOCore
import OneBot
import WebSocketTransport

/// One event, for sessions that do not want every event, or not in the form in which the bot wrote it. It is parsed
/// when the first of them asks, once for all sessions of a shard. Confined to the shard's event loop.
final class EventView {
    /// Whose event it is.
    let selfID: SelfID
    /// The event as all other clients get it.
    let text: ByteBuffer
    private lazy var event: Event? = if case .event(let event) = BotFrame(parsing: text) { event } else { nil }
    private lazy var plainFrame = WebSocketConnection.encodeText(text)
    private var rewrittenFrames: [EventForm: ByteBuffer] = [:]

    init(_ text: ByteBuffer, of bot: SelfID) {
        self.text = text
        selfID = bot
    }

    /// The events of a run, in order.
    static func all(of run: EventRun.Joined) -> [EventView] {
        WebSocketConnection.texts(inEncoded: run.frames).map { EventView($0, of: run.bot) }
    }

    var postType: String? { event?.postType }
    /// `message_type`, `notice_type`, `request_type`, `meta_event_type`.
    var detailType: String? { event?.detailType }
    /// The group it happened in; `nil` in private. For private messages some bots write 0, or the group where they met
    /// a stranger.
    private(set) lazy var groupID: Int64? = isPrivateMessage ? nil : id("group_id")
    /// Who it is about; for a private message that the bot's account sent itself: whom it was sent to. `nil` where it
    /// is nobody: a notice that names the account itself, and no group, is about the account (that it was logged out,
    /// say).
    private(set) lazy var userID: Int64? = {
        if postType == "message_sent", groupID == nil { return id("target_id") ?? id("user_id") }
        let user = id("user_id")
        return postType == "notice" && groupID == nil && user == selfID.number ? nil : user
    }()

    private var isPrivateMessage: Bool {
        detailType == "private" && (postType == "message" || postType == "message_sent")
    }

    /// A number other than 0, which is nobody's.
    private func id(_ key: String) -> Int64? { number(key).flatMap { $0 == 0 ? nil : $0 } }

    /// A number, also where the bot wrote it as text.
    private func number(_ key: String) -> Int64? {
        guard let value = event?.json[key] else { return nil }
        return value.int64 ?? value.string.flatMap { SelfID(decimal: $0)?.number }
    }

    /// The event as a text frame, in that form.
    func frame(in form: EventForm) -> ByteBuffer {
        guard form.concerns(self) else { return plainFrame }
        if let frame = rewrittenFrames[form] { return frame }
        let frame = event.flatMap(form.rewrite).map(WebSocketConnection.encodeText) ?? plainFrame
        rewrittenFrames[form] = frame
        return frame
    }
}
