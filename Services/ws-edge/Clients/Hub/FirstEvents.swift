import Contracts
import NIOCore
import OneBot

/// Keeps the first events of each bot for the targets that begin because of it. They begin a moment after the registry
/// has told everybody of the bot, and the bot speaks meanwhile.
///
/// Events are kept from the bot's first one, or from when everybody was told of the bot if that comes first, until a
/// moment after everybody was told. They are bounded, and what had to go is declared. Nothing is kept of a bot that had
/// its link before this edge began: others may have delivered its events.
struct FirstEvents {
    /// How many bots are kept at once; of any further one nothing is.
    static let maxBots = 16
    /// How many bytes are kept of one bot.
    static let maxBytes = 4 << 20
    /// How long after a bot became known its targets may begin.
    static let patience = TimeAmount.seconds(2)

    private struct Entry {
        var items = HeldItems(maxBytes: FirstEvents.maxBytes)
        /// `nil`: the bot is not known yet.
        var end: NIODeadline?
    }

    private var entries: [SelfID: Entry] = [:]
    private let began: UInt64

    /// - Parameter began: when the edge began, as the epoch of a link: UTC, in milliseconds.
    init(began: UInt64) { self.began = began }

    /// Takes events of a bot, or a gap.
    /// - Parameter isKnown: whether everybody was told of the bot.
    mutating func append(_ item: ClientItem, of bot: SelfID, isKnown: Bool) {
        if entries[bot] == nil {
            guard !isKnown, entries.count < Self.maxBots else { return }
            entries[bot] = Entry()
        }
        // The items declare by themselves what had to go.
        _ = entries[bot]?.items.append(item)
    }

    /// Everybody was told of the bot.
    /// - Parameter isKnown: whether they had been before.
    mutating func known(_ bot: OnlineBot, isKnown: Bool, at now: NIODeadline) {
        // A bot that had its link before this edge began is no news. A bot without a link is: nobody can have delivered
        // events of it meanwhile.
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
