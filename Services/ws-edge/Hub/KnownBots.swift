import Contracts
import NIOCore
import OneBot

/// What a shard knows of the bots: who exists, whose link is up, what they last said of themselves.
struct KnownBots {
    private struct Entry {
        var isOnline: Bool
        var isDefault: Bool
        var status: ByteBuffer?
    }

    private var entries: [SelfID: Entry] = [:]

    var ids: [SelfID] { Array(entries.keys) }
    var all: [(bot: SelfID, isDefault: Bool)] { entries.map { ($0.key, $0.value.isDefault) } }

    func isKnown(_ bot: SelfID) -> Bool { entries[bot] != nil }
    func isAway(_ bot: SelfID) -> Bool { entries[bot].map { !$0.isOnline } ?? true }
    func status(of bot: SelfID) -> ByteBuffer? { entries[bot]?.status }

    mutating func update(_ bot: OnlineBot, isDefault: Bool) {
        var entry = entries[bot.selfID] ?? Entry(isOnline: bot.isOnline, isDefault: isDefault)
        // What it said before it went is no longer true.
        if !bot.isOnline { entry.status = nil }
        entry.isOnline = bot.isOnline
        entry.isDefault = isDefault
        entries[bot.selfID] = entry
    }

    mutating func setStatus(_ status: ByteBuffer, of bot: SelfID) { entries[bot]?.status = status }
}
