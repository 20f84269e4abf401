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
    /// What bots said of themselves before they were known here. Where there are too many such bots at once, nothing is
    /// kept of any further one.
    private var early: [SelfID: ByteBuffer] = [:]
    private static let maxEarly = 64

    var ids: [SelfID] { Array(entries.keys) }
    var all: [(bot: SelfID, isDefault: Bool)] { entries.map { ($0.key, $0.value.isDefault) } }

    func isKnown(_ bot: SelfID) -> Bool { entries[bot] != nil }
    func isAway(_ bot: SelfID) -> Bool { entries[bot].map { !$0.isOnline } ?? true }
    /// `nil`: nobody was told of it yet.
    func isOnline(_ bot: SelfID) -> Bool? { entries[bot]?.isOnline }
    func status(of bot: SelfID) -> ByteBuffer? { entries[bot]?.status }

    mutating func update(_ bot: OnlineBot, isDefault: Bool) -> PendingCalls.Doubt {
        let before = entries[bot.selfID]
        var entry = before ?? Entry(isOnline: bot.isOnline, isDefault: isDefault, epoch: bot.epoch)
        if before == nil { entry.status = early.removeValue(forKey: bot.selfID) }
        // What it said before it went is no longer true.
        if !bot.isOnline { entry.status = nil }
        entry.isOnline = bot.isOnline
        entry.isDefault = isDefault
        entry.epoch = bot.epoch
        entries[bot.selfID] = entry
        guard let before else { return .none }
        if bot.isOnline { return bot.epoch == before.epoch || before.epoch == 0 ? .none : .replaced }
        return before.isOnline ? .gone : .none
    }

    mutating func setStatus(_ status: ByteBuffer, of bot: SelfID) {
        if entries[bot] != nil {
            entries[bot]?.status = status
        } else if early[bot] != nil || early.count < Self.maxEarly {
            early[bot] = status
        }
    }
}
