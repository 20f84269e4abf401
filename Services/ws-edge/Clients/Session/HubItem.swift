import Contracts
import NIOCore
import OneBot

/// What a shard is told, in the order in which its sessions must see it.
enum HubItem: Sendable {
    /// Events of a bot: one encoded text frame, or several joined.
    case events(SelfID, frames: ByteBuffer, count: Int)
    /// An event for one member of a group, a session of this shard.
    case grouped(GroupedEvent)
    /// Events of a bot are missing here.
    case gap(SelfID, missed: Int?)
    /// A client came or went. `isCrowd`: there are so many that only those hear it who asked for it, and the client itself.
    case clientStatus(OnlineClient, isOnline: Bool, isCrowd: Bool)
    case distributed(PerpetuaEvent.DistributedKind, DistributedMessage)
    /// A bot became known, or its link went up or down. `isDefault`: it is the one meant where none is named.
    case bot(OnlineBot, isDefault: Bool)
    /// A bot's link went or came back; for clients without heartbeats.
    case botStatus(SelfID, isOnline: Bool)
    /// The `status` of a bot's own heartbeat.
    case heartbeatStatus(SelfID, ByteBuffer)
    /// A bot's answer to an action. `isFollowed`: more of it are to come.
    case answer(session: UInt64, call: UInt64, text: ByteBuffer, isFollowed: Bool)
    /// Work for one session on its loop; nothing happens where it is gone.
    case onSession(UInt64, @Sendable (ClientSession) -> Void)
    /// Work for all of them.
    case onEverySession(@Sendable (ClientSession) -> Void)

    /// What it weighs while it waits.
    var bytes: Int {
        switch self {
        case .events(_, let frames, _): frames.readableBytes
        case .distributed(_, let message): message.data.readableBytes
        case .grouped(let event): event.frames.readableBytes
        case .answer(_, _, let text, _): text.readableBytes
        case .gap, .clientStatus, .bot, .botStatus, .heartbeatStatus, .onSession, .onEverySession: 0
        }
    }
}
