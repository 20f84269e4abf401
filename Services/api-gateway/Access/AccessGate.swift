import Actions
import OneBot
import SettingsReading

/// Who may come in: whoever shows a token that is for it, where any is configured, else whoever is no foreign web page.
/// Health checks never come here.
struct AccessGate: Sendable {
    private let tokens: Reloadable<AccessTokens>
    private let opensDiscovery: Bool
    private let policy: DoorPolicy

    init(tokens: Reloadable<AccessTokens>, opensDiscovery: Bool, policy: DoorPolicy = DoorPolicy()) {
        self.tokens = tokens
        self.opensDiscovery = opensDiscovery
        self.policy = policy
    }

    /// What a request may do: the action its path names is within it, a bot may not be.
    /// - Throws: 1401 without a token; 1403 with a wrong one, with one that is not for HTTP or not for that action,
    ///   and for a foreign web page where no token is asked for.
    func scope(
        _ path: GatewayPath, isGET: Bool, authorization: String?, query: String?,
        visitor: DoorPolicy.Visitor = DoorPolicy.Visitor()
    ) throws(Refusal) -> TokenScope {
        let tokens = tokens.value
        if tokens.isEmpty { return try withoutToken(path, visitor, remedy: "access_token") }
        let verdict = tokens.verdict(
            authorization: authorization, query: ActionParameters.accessToken(inQuery: query))
        if opensDiscovery, isGET, Self.isDiscovery(path) {
            // No foreign page can show a token.
            if case .accepted = verdict { return .everything }
            return try withoutToken(path, visitor, remedy: "api.open_discovery to false")
        }
        switch verdict {
        case .accepted(let scope):
            if let refusal = scope.refusalOfHTTP { throw Refusal(.forbidden, refusal) }
            if case .action(let name) = path, let refusal = scope.refusal(ofAction: name) {
                throw Refusal(.forbidden, refusal)
            }
            return scope
        case .missing:
            throw Refusal(
                .unauthorized,
                "An access token is needed here. Send it as `Authorization: Bearer TOKEN` or as `?access_token=TOKEN`."
                    + remedy(authorization, query, tokens))
        case .wrong:
            throw Refusal(
                .forbidden,
                "The access token is wrong. Compare it with the settings access_token and tokens[]."
                    + remedy(authorization, query, tokens))
        }
    }

    /// For whoever is no foreign web page.
    /// - Parameter remedy: what is to be set for a token to be asked for.
    private func withoutToken(
        _ path: GatewayPath, _ visitor: DoorPolicy.Visitor, remedy: String
    ) throws(Refusal) -> TokenScope {
        if Self.isGuarded(path), let refusal = policy.refusal(of: visitor, atDoorWithout: remedy) {
            throw Refusal(.forbidden, refusal)
        }
        return .everything
    }

    /// What may have gone wrong with a token that was not accepted.
    private func remedy(_ authorization: String?, _ query: String?, _ tokens: AccessTokens) -> String {
        let mistake = tokens.mistake(authorization: authorization, target: "?\(query ?? "")")
        return mistake.map { " \($0.remedy)" } ?? ""
    }

    /// Numbers and health checks are for whoever asks.
    private static func isGuarded(_ path: GatewayPath) -> Bool {
        switch path {
        case .action, .unknown: true
        case .live, .ready, .metrics: false
        }
    }

    private static func isDiscovery(_ path: GatewayPath) -> Bool {
        switch path {
        case .action(let name):
            OwnAction(named: name)?.isDiscovery == true
        case .live, .ready, .metrics, .unknown: false
        }
    }
}
