import Actions
import Contracts
import OneBot

/// What a session may do when. It is registered before its first frame, its lifecycle is held back until a bot is
/// known, and everything else of ours waits behind the lifecycle.
///
///     registering ──granted / late──▶ registered ──its bot is known──▶ open ──drain──▶ draining ──▶ ended
///
/// A client of role `API` has no lifecycle: it is open once it is registered. Actions are read from `registered` on:
/// with no bot known they are answered 1503.
struct ClientSessionState {
    let role: ClientRole
    private(set) var binding: ClientUpgrade.Binding
    private(set) var grant: SessionGrant?
    /// The bot whose `self_id` our own events carry: known from the moment the session opens.
    private(set) var bot: SelfID?
    private var isRegistered = false
    private(set) var isOpen = false
    private(set) var isDraining = false
    private(set) var hasEnded = false

    init(role: ClientRole, binding: ClientUpgrade.Binding) {
        self.role = role
        self.binding = binding
    }

    /// Whether text frames are looked at already (before, they wait and reading is paused).
    var readsActions: Bool { isRegistered && !isDraining && !hasEnded }

    enum Opening: Hashable {
        case wait
        /// Send the lifecycle (unless the role is `API`), then what was held back.
        case open
    }

    /// The registry knows it now, or (`nil`) did not answer in time and will hear later.
    mutating func registered(_ grant: SessionGrant?) -> Opening {
        if let grant { self.grant = grant }
        isRegistered = true
        return opening()
    }

    /// A bot became known; `isDefault` if it is the one meant where none is named.
    mutating func known(_ bot: SelfID, isDefault: Bool) -> Opening {
        guard self.bot == nil else { return .wait }
        switch binding {
        case .bot(let wanted) where wanted == bot: self.bot = bot
        case .bot: return .wait
        case .defaultBot where isDefault:
            self.bot = bot
            binding = .bot(bot)
        case .everyBot where isDefault: self.bot = bot
        case .bots(let bots) where bots.contains(bot): self.bot = bot
        case .defaultBot, .everyBot, .bots: return .wait
        }
        return opening()
    }

    /// No further actions; what is in flight is still answered.
    mutating func drain() { isDraining = true }

    /// True the first time.
    mutating func end() -> Bool {
        defer { hasEnded = true }
        return !hasEnded
    }

    var audience: Audience {
        guard role.receivesEvents else { return .none }
        return switch binding {
        case .bot(let bot): .bot(bot)
        case .everyBot: .everyBot
        case .bots(let bots): .someBots(Set(bots))
        case .defaultBot: .unbound
        }
    }

    /// The bot that is meant where an action names none: the one this connection is for. Where there are several, an
    /// action must name one.
    func choice(in scope: TokenScope) -> BotChoice {
        switch binding {
        case .bot(let bot): BotChoice(.bot(bot), in: scope)
        case .defaultBot: BotChoice(bot.map(BotChoice.Standard.bot) ?? .defaultBot, in: scope)
        case .everyBot, .bots: BotChoice(.onlyBot, in: scope)
        }
    }

    private mutating func opening() -> Opening {
        guard !isOpen, !hasEnded, isRegistered, !role.receivesEvents || bot != nil else { return .wait }
        isOpen = true
        return .open
    }
}
