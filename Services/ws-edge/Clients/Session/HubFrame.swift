import NIOCore
import OneBot
import WebSocketTransport

/// An event of our own as text frames, rendered once for each `self_id` that needs it.
final class HubFrame {
    private struct Variant: Hashable {
        let bot: SelfID
        let isSelf: Bool
    }

    let event: OwnEvent
    let content: any OwnEventContent
    private var frames: [Variant: ByteBuffer] = [:]

    init(_ event: OwnEvent) {
        self.event = event
        content = event.content
    }

    func frame(bot: SelfID, isSelf: Bool, time: Int64) -> ByteBuffer {
        let variant = Variant(bot: bot, isSelf: isSelf)
        if let frame = frames[variant] { return frame }
        let frame = Self.encode(content.text(time: time, selfID: bot, isSelf: isSelf))
        frames[variant] = frame
        return frame
    }

    static func encode(_ text: ByteBuffer) -> ByteBuffer { WebSocketConnection.encodeText(text) }
}
