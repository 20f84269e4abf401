public import Contracts
public import OneBot

/// Which bot an action is for: the one that `params.self_id` names, else the one that is meant by whoever asks.
/// Decided here for every door, so that no account ever speaks for another one.
public struct BotChoice: Sendable, Hashable {
    /// What `self_id` says.
    public enum Wish: Sendable, Hashable {
        /// Nothing: it is absent, `null`, 0, or the empty text a form sends for nothing.
        case standard
        case bot(SelfID)
        /// Not the number of an account; what it is instead, in words.
        case unreadable(String)

        /// Reads a number, or its digits in a string.
        public init(_ value: JSONText?) {
            guard let value, !value.isNull, value.string?.isEmpty != true else {
                self = .standard
                return
            }
            guard let bot = value.int64.map(SelfID.init) ?? value.string.flatMap({ SelfID(decimal: $0) }) else {
                self = .unreadable(value.inWords)
                return
            }
            self = bot.number == 0 ? .standard : .bot(bot)
        }
    }

    /// The bot meant where none is named.
    public enum Standard: Sendable, Hashable {
        /// This one, whether it is known or not: the caller's connection is for it.
        case bot(SelfID)
        /// The deployment's default one.
        case defaultBot
        /// The only one there is, or the only one the token is for; where there are several, the action has to name
        /// one.
        case onlyBot
    }

    public var standard: Standard
    /// The scope of the token that was shown.
    public var scope: TokenScope

    public init(_ standard: Standard = .defaultBot, in scope: TokenScope = .everything) {
        self.standard = standard
        self.scope = scope
    }

    /// - Throws: 1400 where a bot has to be named and is not, or is not a number; 1403 for one out of the token's
    ///   scope; 1404 for one nobody knows; 1503 where none was ever known.
    public func bot(_ wish: Wish, in presence: PresenceReplica) throws(RPC.Failure) -> SelfID {
        switch wish {
        case .standard: return try bot(in: presence)
        case .bot(let bot):
            try check(wish)
            if presence.bots[bot] != nil { return bot }
            let known = known(in: presence)
            if known.isEmpty { throw Self.noBot }
            throw RPC.Failure(.notFound, "No bot \(bot) is known. Known: \(Self.list(known)).")
        case .unreadable(let what):
            let known = known(in: presence)
            throw RPC.Failure(
                .badRequest,
                "`self_id` is \(what), and no account number. Send the bot's: "
                    + "\(known.isEmpty ? "digits" : Self.list(known))."
            )
        }
    }

    /// - Throws: 1403 for a bot out of the token's scope.
    public func check(_ wish: Wish) throws(RPC.Failure) {
        if case .bot(let bot) = wish, let refusal = scope.refusal(ofBot: bot) { throw RPC.Failure(.forbidden, refusal) }
    }

    private func bot(in presence: PresenceReplica) throws(RPC.Failure) -> SelfID {
        switch standard {
        case .bot(let bot): return bot
        case .defaultBot:
            guard let bot = presence.defaultBot?.selfID else { throw Self.noBot }
            try check(.bot(bot))
            return bot
        case .onlyBot:
            let known = known(in: presence)
            if let bot = known.first, known.count == 1 { return bot }
            if known.count > 1 {
                throw RPC.Failure(
                    .badRequest, "Several bots are known: \(Self.list(known)). Send one of them as `self_id`.")
            }
            guard let bots = scope.bots, bots.count == 1 else { throw Self.noBot }
            throw RPC.Failure(
                .unavailable(.no()), "Bot \(bots[0]) has not been connected yet. Try again once it is.")
        }
    }

    /// The bots within the token's scope: for its holder, the others do not exist.
    private func known(in presence: PresenceReplica) -> [SelfID] { presence.bots.keys.filter(scope.includes).sorted() }

    private static func list(_ bots: [SelfID]) -> String { bots.map(\.description).joined(separator: ", ") }

    private static var noBot: RPC.Failure {
        RPC.Failure(.unavailable(.no()), "No bot has been connected yet. Try again once one is.")
    }
}
