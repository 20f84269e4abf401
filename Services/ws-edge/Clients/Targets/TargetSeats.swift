import Contracts
import OneBot

/// The bots of one target, and what it is called for each: `N` for the first, `N@{self_id}` for every other. The first is the first of
/// `self_id`; where that is not set, the first in the order of `bots[]` of those that were known when there was one, and it stays that.
struct TargetSeats {
    private let name: String
    private let wanted: [SelfID]
    private var first: SelfID?
    private(set) var seats: [SelfID: TargetSeat] = [:]

    init(_ configuration: TargetConfiguration) {
        name = configuration.name
        wanted = configuration.selfIDs.map { SelfID($0) }
        first = wanted.first
    }

    /// A seat for each bot that is wanted and has none yet.
    mutating func fill(from known: some Sequence<OnlineBot>) -> [TargetSeat] {
        let bots = known.filter { (wanted.isEmpty || wanted.contains($0.selfID)) && seats[$0.selfID] == nil }
        return bots.sorted { Self.order($0) < Self.order($1) }.map { bot in
            first = first ?? bot.selfID
            let seat = TargetSeat(selfID: bot.selfID, name: first == bot.selfID ? name : "\(name)@\(bot.selfID)")
            seats[bot.selfID] = seat
            return seat
        }
    }

    private static func order(_ bot: OnlineBot) -> (Int, UInt64, SelfID) {
        (bot.configuredIndex ?? .max, bot.epoch, bot.selfID)
    }
}
