import Contracts
import OneBot

/// Which bot an action over HTTP is for: the one `self_id` names, else the only one there is.
enum BotChoice {
    /// - Throws: 1400 where it is to be named and is not; 1404 for one nobody knows; 1503 where none was ever known.
    static func bot(named value: JSONText?, in presence: PresenceReplica) throws(RPC.Failure) -> SelfID {
        let known = presence.bots.keys.sorted()
        let list = known.map(\.description).joined(separator: ", ")
        guard let value else {
            if known.count > 1 {
                throw RPC.Failure(.badRequest, "Several bots are known: \(list). Send one of them as `self_id`.")
            }
            guard let only = known.first else { throw none }
            return only
        }
        guard let wanted = value.int64.map(SelfID.init) ?? value.string.flatMap({ SelfID(decimal: $0) }) else {
            throw RPC.Failure(
                .badRequest, "`self_id` is no account number. Send the bot's: \(list.isEmpty ? "digits" : list).")
        }
        if presence.bots[wanted] != nil { return wanted }
        if known.isEmpty { throw none }
        throw RPC.Failure(.notFound, "No bot \(wanted) is known. Known: \(list).")
    }

    private static var none: RPC.Failure {
        RPC.Failure(
            .unavailable, "No bot has been connected yet. Try again once one is.", retryAfter: .seconds(1))
    }
}
