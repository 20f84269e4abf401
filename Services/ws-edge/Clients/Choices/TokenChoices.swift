import Actions
import SettingsReading

/// What the settings choose for clients that show a token of `tokens[]`, because some cannot write a query. What a
/// client writes in its query takes precedence, key by key.
struct TokenChoices: Sendable {
    private var upgrades: [String: ClientUpgrade] = [:]

    init() {}

    /// - Parameter defaults: what a token does not choose.
    init(_ settings: Settings, over defaults: ClientChoices) {
        for entry in settings.entries("tokens") {
            let upgrade = ClientUpgrade(settings, entry: entry, over: defaults)
            // One without a name is a mistake, which `AccessTokens` reports.
            if let name = settings.optionalString("\(entry).name") { upgrades[name] = upgrade }
        }
    }

    /// Reads them, and follows the settings when they are read again, as the tokens do: whoever is connected keeps what
    /// it has.
    static func following(_ settings: Settings, over defaults: ClientChoices) -> Reloadable<TokenChoices> {
        settings.reloadable { TokenChoices($0, over: defaults) }
    }

    /// `nil` for `access_token`, and where no token is asked for.
    subscript(scope: TokenScope) -> ClientUpgrade? { scope.name.flatMap { upgrades[$0] } }
}
