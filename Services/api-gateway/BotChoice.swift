import Actions
import Contracts
import OneBot

/// Which bot an action over HTTP is for: the one `self_id` names, else the only one there is, or the only one the token shown is for.
enum BotChoice {
    /// - Throws: 1400 where it is to be named and is not; 1403 for one out of the token's scope; 1404 for one nobody knows; 1503 where none
    ///   was ever known.
    static func bot(
        named value: JSONText?, in presence: PresenceReplica, scope: TokenScope = .everything
    ) throws(RPC.Failure) -> SelfID {
        let known = presence.bots.keys.filter(scope.includes).sorted()
        let list = known.map(\.description).joined(separator: ", ")
        guard let value else {
            if let bots = scope.bots, bots.count == 1, known.isEmpty { throw absent(bots[0]) }
            if known.count > 1 {
                throw RPC.Failure(.badRequest, "Several bots are known: \(list). Send one of them as `self_id`.")
            }
            guard let only = known.first else { throw none }
            return only
        }
        guard let wanted = account(value) else {
            throw RPC.Failure(
                .badRequest, "`self_id` is no account number. Send the bot's: \(list.isEmpty ? "digits" : list).")
        }
        try check(wanted, scope)
        if presence.bots[wanted] != nil { return wanted }
        if known.isEmpty { throw none }
        throw RPC.Failure(.notFound, "No bot \(wanted) is known. Known: \(list).")
    }

    /// A number, or its digits.
    static func account(_ value: JSONText) -> SelfID? {
        value.int64.map(SelfID.init) ?? value.string.flatMap { SelfID(decimal: $0) }
    }

    /// - Throws: 1403 for a bot out of the token's scope.
    static func check(_ bot: SelfID, _ scope: TokenScope) throws(RPC.Failure) {
        if let refusal = scope.refusal(ofBot: bot) { throw RPC.Failure(.forbidden, refusal) }
    }

    private static func absent(_ bot: SelfID) -> RPC.Failure {
        RPC.Failure(
            .unavailable, "Bot \(bot) has not been connected yet. Try again once it is.", retryAfter: .seconds(1))
    }

    private static var none: RPC.Failure {
        RPC.Failure(
            .unavailable, "No bot has been connected yet. Try again once one is.", retryAfter: .seconds(1))
    }
}
