import Actions
import OneBot

/// Who may come in: whoever shows the access token, where one is configured. Health checks never need it.
struct AccessGate: Sendable {
    private let token: AccessToken?
    private let opensDiscovery: Bool

    init(token: AccessToken?, opensDiscovery: Bool) {
        self.token = token
        self.opensDiscovery = opensDiscovery
    }

    /// Why a request may not come in; `nil` where it may.
    func refusal(_ path: GatewayPath, isGET: Bool, authorization: String?, query: String?) -> Refusal? {
        guard let token else { return nil }
        if opensDiscovery, isGET, Self.isDiscovery(path) { return nil }
        switch token.verdict(authorization: authorization, query: ActionParameters.accessToken(inQuery: query)) {
        case .accepted: return nil
        case .missing:
            return Refusal(
                .unauthorized,
                "An access token is needed here. Send it as `Authorization: Bearer TOKEN` or as `?access_token=TOKEN`.")
        case .wrong:
            return Refusal(.forbidden, "The access token is wrong. Compare it with the setting access_token.")
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
