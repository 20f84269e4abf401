import Contracts
import NIOCore
import OneBot
import WebSocketTransport

/// An event of our own as text frames, rendered once for each `self_id` that needs it.
final class HubFrame {
    private struct Variant: Hashable {
        let bot: SelfID
        let isSelf: Bool
    }

    private var frames: [Variant: ByteBuffer] = [:]

    func frame(for item: HubItem, bot: SelfID, isSelf: Bool, time: Int64) -> ByteBuffer? {
        let variant = Variant(bot: bot, isSelf: isSelf)
        if let frame = frames[variant] { return frame }
        guard let text = Self.text(of: item, bot: bot, isSelf: isSelf, time: time) else { return nil }
        let frame = Self.encode(text)
        frames[variant] = frame
        return frame
    }

    static func encode(_ text: ByteBuffer) -> ByteBuffer { WebSocketConnection.encodeText(text) }

    private static func text(of item: HubItem, bot: SelfID, isSelf: Bool, time: Int64) -> ByteBuffer? {
        switch item {
        case .gap(let source, let missed): PerpetuaEvent.eventGap(time: time, selfID: source, missed: missed)
        case .botStatus(let source, let isOnline):
            PerpetuaEvent.botStatus(time: time, selfID: source, online: isOnline)
        case .clientStatus(let client, let isOnline, _):
            PerpetuaEvent.clientStatus(
                time: time, selfID: bot, client: client.client, online: isOnline, isSelf: isSelf)
        case .distributed(let kind, let message):
            PerpetuaEvent.distributed(
                kind, time: time, selfID: bot, client: message.sender, uuid: message.uuid, data: message.data)
        case .events, .grouped, .bot, .heartbeatStatus, .answer, .onSession, .onEverySession: nil
        }
    }
}
