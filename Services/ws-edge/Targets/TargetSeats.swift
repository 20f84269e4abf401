import Contracts
import OneBot

/// The bots of one target, and what it is called for each: `N` for the first, `N@{self_id}` for every other. The first
/// is the first of `self_id`, else the first of `bots[]` whose account is given there, else the first that was known;
/// and it stays that.
struct TargetSeats {
    private let name: String
    private let wanted: [SelfID]
    private var first: SelfID?
    private(set) var seats: [SelfID: TargetSeat] = [:]

    /// - Parameter bots: the accounts given in `bots[]`, in their order.
    init(_ configuration: TargetConfiguration, bots: [SelfID] = []) {
        name = configuration.name
        wanted = configuration.selfIDs.map { SelfID($0) }
        first = wanted.first ?? bots.first
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
