import NIOCore
import OneBot

/// What clients hear: events of bots, and events of ours.
enum ClientItem: Sendable {
    /// Events of a bot: one encoded text frame, or several joined.
    case events(SelfID, frames: ByteBuffer, count: Int)
    /// An event for one member of a group, a session of this shard.
    case grouped(GroupedEvent)
    case own(OwnEvent)

    /// How many bytes it counts for while it waits.
    var bytes: Int {
        switch self {
        case .events(_, let frames, _): frames.readableBytes
        case .grouped(let event): event.frames.readableBytes
        case .own(let event): event.content.bytes
        }
    }

    /// The bot whose events these are, or that it speaks of.
    var bot: SelfID? {
        switch self {
        case .events(let bot, _, _): bot
        case .grouped(let event): event.place.bot
        case .own(let event): event.content.bot
        }
    }
}
