import Contracts
import OneBot

/// The bot meant where none is named, once it is known. With bots configured it is the first of those, and no other
/// stands in for it.
struct DefaultBot: Sendable {
    let presence: PresenceView
    /// Whether there are entries in `bots[]`.
    let hasConfigured: Bool

    var selfID: SelfID? {
        guard let bot = presence.current.defaultBot, !hasConfigured || bot.configuredIndex == 0 else { return nil }
        return bot.selfID
    }
}
