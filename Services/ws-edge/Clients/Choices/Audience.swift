import OneBot

/// Which bots' events a session hears; sessions that hear the same are served together.
enum Audience: Hashable {
    case bot(SelfID)
    case everyBot
    /// These bots: what `everyBot` becomes with a token that is for some bots only.
    case someBots(Set<SelfID>)
    /// The same as members of groups: a bot's events come to one of them at a time.
    indirect case sharing(Audience)
    /// The default bot is not known yet.
    case unbound
    /// `/api`: actions only.
    case none

    /// The same for a member of a group.
    func shared(_ isShared: Bool) -> Self {
        guard isShared else { return self }
        return switch self {
        case .bot, .everyBot, .someBots: .sharing(self)
        case .sharing, .unbound, .none: self
        }
    }

    /// The bots it hears of, of those there are.
    func bots(among known: [SelfID]) -> [SelfID] {
        switch self {
        case .bot(let bot): [bot]
        case .everyBot: known
        case .someBots(let bots): Array(bots)
        case .sharing(let audience): audience.bots(among: known)
        case .unbound, .none: []
        }
    }

    /// Whether a member of a group follows that bot.
    func shares(_ bot: SelfID) -> Bool {
        switch self {
        case .sharing(.bot(let bound)): bound == bot
        case .sharing(.everyBot): true
        case .sharing(.someBots(let bots)): bots.contains(bot)
        case .sharing, .bot, .everyBot, .someBots, .unbound, .none: false
        }
    }
}

/// Who hears of a client coming or going, where somebody has chosen (`client_status`).
enum ClientStatusAudience: String, Sendable, CaseIterable {
    case all
    case own = "self"
    case none
}

/// Who hears of a client coming or going: what the connection asked for or is configured, else everybody as long as
/// there are few.
enum StatusAudience {
    static func hears(_ audience: ClientStatusAudience?, isSelf: Bool, isCrowd: Bool) -> Bool {
        switch audience {
        case .all: true
        case .own: isSelf
        case .none?: false
        case nil: isSelf || !isCrowd
        }
    }
}
