import Actions
import OneBot

extension ClientSession {
    /// Why the token this client has shown is not for that action; `nil` where it is. Which bot it is for is another
    /// question (``choice``).
    func refusal(of action: Action) -> Response? {
        upgrade.scope.refusal(ofAction: action.name).map { .failed(.forbidden, $0) }
    }

    /// The bot meant where an action names none: the one this connection is for; of several one is to be named.
    var choice: BotChoice {
        switch state.binding {
        case .bot(let bot): BotChoice(.bot(bot), in: upgrade.scope)
        case .defaultBot: BotChoice(state.bot.map(BotChoice.Standard.bot) ?? .defaultBot, in: upgrade.scope)
        case .everyBot, .bots: BotChoice(.onlyBot, in: upgrade.scope)
        }
    }
}
