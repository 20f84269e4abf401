import Contracts
import NIOCore
import OneBot

/// An event of ours. A new one is a case here, and a file beside this one that says the rest (``OwnEventContent``).
enum OwnEvent: Sendable {
    case gap(EventGap)
    case clientStatus(ClientStatus)
    case distributed(DistributedEvent)
    case botStatus(BotStatus)

    var content: any OwnEventContent {
        switch self {
        case .gap(let content): content
        case .clientStatus(let content): content
        case .distributed(let content): content
        case .botStatus(let content): content
        }
    }

    /// Who hears it, of a shard's sessions that receive events.
    enum Hearers: Hashable, Sendable {
        case everybody
        /// The clients with these `app_id`s; where a session has not heard yet who it is, the event waits.
        case clients([String])
        /// Those who asked to hear of every client, however many there are, and that session.
        case curious(and: UInt64)
        /// The followers of that bot, and those that may yet turn out to be.
        case followers(of: SelfID)
        /// Those followers of the bot that get no heartbeats to tell them how it is.
        case followersWithoutHeartbeat(of: SelfID)
    }

    /// What all of them begin with. None has an `echo`: clients tell responses from events by it.
    /// - Parameter time: in Unix seconds.
    static func begun(time: Int64, selfID: SelfID, postType: String, capacity: Int = 256) -> JSONObjectWriter {
        var writer = JSONObjectWriter(capacity: capacity)
        writer.add("time", time)
        writer.add("self_id", selfID.number)
        writer.add("post_type", postType)
        return writer
    }
}

/// What the file of an event of ours says: its JSON, and who hears it. A large one is an object, so that all shards
/// share it.
protocol OwnEventContent: Sendable {
    var hearers: OwnEvent.Hearers { get }
    /// The bot it speaks of; `nil`: it speaks of clients, and each client hears it under the account of its own bot.
    var bot: SelfID? { get }
    /// How many bytes it counts for while it waits.
    var bytes: Int { get }

    /// Whether a client that has chosen its events wants this one.
    func passes(_ filter: EventFilter) -> Bool

    /// Whether it speaks of that very session.
    func isAbout(session: UInt64, at edge: EdgeAddress) -> Bool

    /// Whether a client that is among the hearers hears it all the same, `isSelf` where it speaks of that client.
    func isHeard(by choices: ClientChoices, isSelf: Bool) -> Bool

    /// Its JSON.
    /// - Parameters:
    ///   - time: in Unix seconds.
    ///   - selfID: the bot of whoever hears it.
    func text(time: Int64, selfID: SelfID, isSelf: Bool) -> ByteBuffer
}

/// Most speak of no session, count for no bytes, and are for all their hearers.
extension OwnEventContent {
    var bytes: Int { 0 }
    func isAbout(session: UInt64, at edge: EdgeAddress) -> Bool { false }
    func isHeard(by choices: ClientChoices, isSelf: Bool) -> Bool { true }
}
