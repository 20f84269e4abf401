import Actions
import OneBot
import SettingsReading

/// Decides who may come in. Where tokens are configured, a caller must show one that is good for what it asks for;
/// where none is, everyone may come in but foreign web pages. Health checks are answered without asking here.
struct AccessGate: Sendable {
    private let tokens: Reloadable<AccessTokens>
    private let opensDiscovery: Bool
    private let policy: DoorPolicy

    init(tokens: Reloadable<AccessTokens>, opensDiscovery: Bool, policy: DoorPolicy = DoorPolicy()) {
        self.tokens = tokens
        self.opensDiscovery = opensDiscovery
        self.policy = policy
    }

    /// What a request may do. The action that its path names is within that scope; the bot it is for is not checked
    /// here.
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

    /// Lets in everyone but foreign web pages.
    /// - Parameter remedy: what to set so that a token is asked for.
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

    /// Whether foreign web pages are kept out where no token is asked for. Metrics and health checks are open to them,
    /// too.
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
