import NIOCore
import OneBot

/// How a client wants events written, where that is not as the bot wrote them.
struct EventForm: Sendable, Hashable {
    /// What a message that the account sent itself is called. Many frameworks know no `message_sent`.
    enum SentMessages: String, Sendable, Hashable, CaseIterable {
        case messageSent = "message_sent"
        case message
    }

    /// `message_format`; `nil`: as the bot writes it.
    var messageFormat: MessageFormat?
    /// `message_sent_as`; `nil`: as the bot calls it.
    var sentMessages: SentMessages?

    /// Whether every event stays as it is.
    var isAsSent: Bool { messageFormat == nil && sentMessages != .message }

    /// Whether an event of that type may be written otherwise.
    func concerns(_ event: EventView) -> Bool {
        switch event.postType {
        case "message": messageFormat != nil
        case "message_sent": !isAsSent
        default: false
        }
    }

    /// The event in this form, every other byte as it was; `nil` where nothing changes.
    func rewrite(_ event: Event) -> ByteBuffer? {
        let converted = messageFormat.flatMap { $0.convert(event) }
        guard sentMessages == .message, event.postType == "message_sent" else { return converted }
        // It was an object before one of its values was replaced by another, so there is no error to hear about.
        let json = converted.flatMap { try? JSONObject($0) } ?? event.json
        return json.setting("post_type", to: ByteBuffer(string: #""message""#))
    }
}
