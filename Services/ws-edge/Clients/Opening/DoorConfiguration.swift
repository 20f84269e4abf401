import Actions
import SettingsReading

/// Who may come in, and what counts where a client does not choose.
struct DoorConfiguration: Sendable {
    /// `access_token`, `tokens[]`: what clients must show, and what each token is for (`AccessTokens`). They follow
    /// the settings when these are read again.
    var tokens: Reloadable<AccessTokens>
    /// `tokens[].post_types` and the other choices of a client, for those who show that token. They follow the
    /// settings as the tokens do.
    var tokenChoices: Reloadable<TokenChoices>
    /// `client.*`, and `client_status`: who hears of clients coming and going: `all`, `self` or `none`. Default:
    /// every event as the bot sent it; `all`, which above 1 000 clients must be asked for.
    var choices: ClientChoices
    /// Which web pages may come in where no token is asked for.
    let policy: DoorPolicy

    init(_ settings: Settings, policy: DoorPolicy) {
        self.policy = policy
        choices = ClientChoices(settings, prefix: "client")
        // Read before the tokens, so that a new token is never there without its choices.
        tokenChoices = TokenChoices.following(settings, over: choices)
        tokens = AccessTokens.following(settings)
    }
}
