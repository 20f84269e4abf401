import Actions
import OneBot
import SettingsReading

/// Who may come in: whoever shows a token that is for it, where any is configured. Health checks never need one.
struct AccessGate: Sendable {
    private let tokens: Reloadable<AccessTokens>
    private let opensDiscovery: Bool

    init(tokens: Reloadable<AccessTokens>, opensDiscovery: Bool) {
        self.tokens = tokens
        self.opensDiscovery = opensDiscovery
    }

    /// What a request may do: the action its path names is within it, a bot may not be.
    /// - Throws: 1401 without a token; 1403 with a wrong one, or with one that is not for HTTP or not for that action.
    func scope(
        _ path: GatewayPath, isGET: Bool, authorization: String?, query: String?
    ) throws(Refusal) -> TokenScope {
        if opensDiscovery, isGET, Self.isDiscovery(path) { return .everything }
        switch tokens.value.verdict(authorization: authorization, query: ActionParameters.accessToken(inQuery: query)) {
        case .accepted(let scope):
            if let refusal = scope.refusalOfHTTP { throw Refusal(.forbidden, refusal) }
            if case .action(let name) = path, let refusal = scope.refusal(ofAction: name) {
                throw Refusal(.forbidden, refusal)
            }
            return scope
        case .missing:
            throw Refusal(
                .unauthorized,
                "An access token is needed here. Send it as `Authorization: Bearer TOKEN` or as `?access_token=TOKEN`.")
        case .wrong:
            throw Refusal(
                .forbidden, "The access token is wrong. Compare it with the settings access_token and tokens[].")
        }
    }

    private static func isDiscovery(_ path: GatewayPath) -> Bool {
        switch path {
        case .action(let name):
            name == ActionDispatcher.Name.getWSPort.rawValue || name == ActionDispatcher.Name.getOnlineClients.rawValue
        case .live, .ready, .metrics, .unknown: false
        }
    }
}
