import Contracts
import NIOCore
import OneBot

/// The first events of each bot, for the targets that begin because of it: they hear of it when the registry has told everybody, are at work
/// a moment later, and the bot speaks meanwhile.
///
/// Kept from the first event of a bot, or from when everybody was told of it where that comes first, until a moment after everybody was; bounded,
/// and what had to go is declared. A bot that had its link before this edge began is no news: others may have delivered its events.
struct FirstEvents {
    /// Of more bots that come at once, nothing is kept.
    static let maxBots = 16
    /// Of one bot.
    static let maxBytes = 4 << 20
    /// So long after a bot became known its targets may begin.
    static let patience = TimeAmount.seconds(2)

    private struct Entry {
        var items = HeldItems(maxBytes: FirstEvents.maxBytes)
        /// `nil`: the bot is not known yet.
        var end: NIODeadline?
    }

    private var entries: [SelfID: Entry] = [:]
    private let began: UInt64

    /// - Parameter began: when the edge did, as the epoch of a link: UTC, in milliseconds.
    init(began: UInt64) { self.began = began }

    /// Events of a bot, or a gap.
    /// - Parameter isKnown: whether everybody was told of the bot.
    mutating func append(_ item: ClientItem, of bot: SelfID, isKnown: Bool) {
        if entries[bot] == nil {
            guard !isKnown, entries.count < Self.maxBots else { return }
            entries[bot] = Entry()
        }
        // What had to go it declares itself.
        _ = entries[bot]?.items.append(item)
    }

    /// Everybody was told of the bot.
    /// - Parameter isKnown: whether they had been before.
    mutating func known(_ bot: OnlineBot, isKnown: Bool, at now: NIODeadline) {
        // Of one without a link nobody has delivered anything meanwhile.
        guard bot.epoch >= began || !bot.isOnline else {
            if !isKnown { entries[bot.selfID] = nil }
            return
        }
        if entries[bot.selfID] == nil, !isKnown, entries.count < Self.maxBots { entries[bot.selfID] = Entry() }
        if entries[bot.selfID]?.end == nil { entries[bot.selfID]?.end = now + Self.patience }
    }

    mutating func expire(at now: NIODeadline) {
        guard !entries.isEmpty else { return }
        entries = entries.filter { entry in entry.value.end.map { now < $0 } ?? true }
    }

    /// What a target that begins now has not heard of its bot.
    func items(of bot: SelfID) -> [ClientItem] { entries[bot]?.items.all ?? [] }
}
