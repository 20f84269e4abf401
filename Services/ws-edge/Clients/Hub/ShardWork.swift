import Contracts
import NIOCore
import OneBot

/// Work for a shard, carried out in the order in which it came, because its sessions must see it in that order.
enum ShardWork: Sendable {
    /// Clients hear something.
    case tell(ClientItem)
    /// A bot became known, or its link went up or down. `isDefault`: it is the one meant where none is named.
    case bot(OnlineBot, isDefault: Bool)
    /// The `status` of a bot's own heartbeat.
    case heartbeatStatus(SelfID, ByteBuffer)
    /// A bot's answer to an action. `isFollowed`: more of it are to come.
    case answer(session: UInt64, call: UInt64, text: ByteBuffer, isFollowed: Bool)
    /// Work for one session on its loop; nothing happens where it is gone.
    case onSession(UInt64, @Sendable (ClientSession) -> Void)
    /// Work for all of them.
    case onEverySession(@Sendable (ClientSession) -> Void)

    /// How many bytes it counts for while it waits.
    var bytes: Int {
        switch self {
        case .tell(let item): item.bytes
        case .answer(_, _, let text, _): text.readableBytes
        case .bot, .heartbeatStatus, .onSession, .onEverySession: 0
        }
    }
}
