import Contracts
import NIOCore
import OneBot

/// What a shard knows of the bots: who exists, whose link is up, what they last said of themselves.
struct KnownBots {
    private struct Entry {
        var isOnline: Bool
        var isDefault: Bool
        var epoch: UInt64
        var status: ByteBuffer?
    }

    private var entries: [SelfID: Entry] = [:]

    var ids: [SelfID] { Array(entries.keys) }
    var all: [(bot: SelfID, isDefault: Bool)] { entries.map { ($0.key, $0.value.isDefault) } }

    func isKnown(_ bot: SelfID) -> Bool { entries[bot] != nil }
    func isAway(_ bot: SelfID) -> Bool { entries[bot].map { !$0.isOnline } ?? true }
    func status(of bot: SelfID) -> ByteBuffer? { entries[bot]?.status }

    /// - Returns: whether a link that was up is gone, or was replaced by another: what it had in flight is in doubt.
    mutating func update(_ bot: OnlineBot, isDefault: Bool) -> Bool {
        let before = entries[bot.selfID]
        var entry = before ?? Entry(isOnline: bot.isOnline, isDefault: isDefault, epoch: bot.epoch)
        // What it said before it went is no longer true.
        if !bot.isOnline { entry.status = nil }
        entry.isOnline = bot.isOnline
        entry.isDefault = isDefault
        entry.epoch = bot.epoch
        entries[bot.selfID] = entry
        guard let before, before.isOnline else { return false }
        return !bot.isOnline || bot.epoch != before.epoch
    }

    mutating func setStatus(_ status: ByteBuffer, of bot: SelfID) { entries[bot]?.status = status }
}
