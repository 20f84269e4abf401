import Actions
import OneBot
import SettingsReading
import WebSocketTransport

@testable import WSEdge

/// Most tests need one token that may do everything, or none.
extension ClientUpgrade {
    init(_ request: UpgradeRequest, accessToken: AccessToken?, defaults: ClientChoices = ClientChoices())
        throws(Refusal)
    {
        try self.init(request, tokens: AccessTokens(everythingFor: accessToken), defaults: defaults)
    }

    init(
        _ request: UpgradeRequest, tokens: AccessTokens, defaults: ClientChoices = ClientChoices(),
        chosen: TokenChoices = TokenChoices()
    ) throws(Refusal) {
        var query = ClientQuery(request)
        try self.init(&query, tokens: tokens, defaults: defaults, chosen: chosen)
    }
}

extension BotListener {
    init(token: AccessToken?) {
        self.init(token: Reloadable(token))
    }
}
