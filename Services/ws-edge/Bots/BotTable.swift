import Contracts
import OneBot

/// Every bot this edge knows, and which entry of `bots[]` each one is.
struct BotTable {
    private let edge: EdgeAddress
    private let entries: [BotConfiguration]
    private(set) var known: [SelfID: OnlineBot] = [:]

    /// More bots than that are not taken: whoever may dial in could fill our memory with names.
    static let limit = 4096

    init(_ entries: [BotConfiguration], edge: EdgeAddress) {
        self.entries = entries
        self.edge = edge
        for case (let index, let number?) in zip(entries.indices, entries.map(\.selfID)) {
            add(SelfID(number), entry: index)
        }
    }

    /// A connection has found out whose it is: `entry` is the one that was dialled, `nil` for a bot that dialled in.
    /// - Returns: the bots that have changed by that, to be reported; `nil` where no more bots are taken.
    mutating func saw(_ bot: SelfID, entry: Int?, isLocal: Bool) -> [OnlineBot]? {
        let before = known
        if let entry {
            if known[bot]?.configuredIndex == nil { take(entry, for: bot) }
        } else if known[bot] == nil {
            guard known.count < Self.limit else { return nil }
            add(bot, entry: isLocal ? unclaimedProgram : nil)
        }
        return known.values.filter { before[$0.selfID] != $0 }
    }

    /// Gives the entry to that bot, since it was found where the entry dials. A bot that was found there before has no
    /// entry any more.
    private mutating func take(_ entry: Int, for bot: SelfID) {
        for other in known.values where other.configuredIndex == entry { add(other.selfID, entry: nil) }
        add(bot, entry: entry)
    }

    /// The bot with its new state; to be reported.
    mutating func changed(_ bot: SelfID, epoch: UInt64, isOnline: Bool) -> OnlineBot? {
        known[bot]?.epoch = epoch
        known[bot]?.isOnline = isOnline
        return known[bot]
    }

    /// The entry of a program that we run and whose bot dials in. Where only one entry has no URL, no `self_id` and no
    /// bot yet, a bot from this machine is taken to be that entry's.
    private var unclaimedProgram: Int? {
        let claimed = Set(known.values.compactMap(\.configuredIndex))
        let candidates = entries.indices.filter { index in
            entries[index].addresses.isEmpty && entries[index].selfID == nil && !claimed.contains(index)
        }
        return candidates.count == 1 ? candidates[0] : nil
    }

    private mutating func add(_ bot: SelfID, entry: Int?) {
        known[bot] = OnlineBot(
            selfID: bot, edge: edge, epoch: known[bot]?.epoch ?? 0, isOnline: known[bot]?.isOnline ?? false,
            configuredIndex: entry, isSupervised: entry.map { !entries[$0].command.isEmpty } ?? false)
    }
}
