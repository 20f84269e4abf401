/// Which web pages may use a door that asks for no token. A browser carries any page's requests to whatever its machine
/// reaches, and says whose they are in `Origin` and `Sec-Fetch-Site`; a page whose name was made to lead to us (DNS
/// rebinding) shows in `Host`. For a program that is not a browser, only the name by which it calls us matters.
///
/// What may come in:
/// - `Host`: absent; an IP address; a name without a dot; `localhost`; a name under one of ``privateDomains``;
///   `edge.public_host`; `allowed_hosts`.
/// - `Origin`: its host and port are those of `Host`; a loopback origin, any port, where `Host` is a loopback name;
///   `allowed_origins`.
/// - `Sec-Fetch-Site`: not `cross-site`, unless an `Origin` that may come in is there.
public struct DoorPolicy: Sendable {
    /// What a request says of where it comes from: each header's values.
    public struct Visitor: Sendable {
        public var hosts: [String]
        public var origins: [String]
        public var fetchSites: [String]

        public init(hosts: [String] = [], origins: [String] = [], fetchSites: [String] = []) {
            self.hosts = hosts.filter { !$0.isEmpty }
            self.origins = origins.filter { !$0.isEmpty }
            self.fetchSites = fetchSites
        }
    }

    /// Names that nobody can buy.
    static let privateDomains = ["localhost", "local", "internal", "lan", "svc", "cluster.local"]

    private let allowedOrigins: [WebOrigin]
    /// In the form of ``WebHost/name``.
    private let allowedHosts: Set<String>

    /// - Parameter publicHost: `edge.public_host`.
    public init(allowedOrigins: [String] = [], allowedHosts: [String] = [], publicHost: String? = nil) {
        self.allowedOrigins = allowedOrigins.map { WebOrigin($0) }
        self.allowedHosts = Set((allowedHosts + [publicHost].compactMap(\.self)).compactMap { Self.host($0)?.name })
    }

    /// Why the request may not come in, a sentence that names the setting; `nil` where it may.
    /// - Parameter tokenSetting: where the door's token would be set.
    public func refusal(of visitor: Visitor, atDoorWithout tokenSetting: String) -> String? {
        var hosts: [WebHost] = []
        for text in visitor.hosts {
            guard let host = WebHost(text), isOurs(host) else {
                return "“\(text.prefix(200))” is not known as a name of this machine, and no token is asked for here. "
                    + "Add it to allowed_hosts, or set \(tokenSetting)."
            }
            hosts.append(host)
        }
        for text in visitor.origins {
            guard isPermitted(WebOrigin(text), at: hosts) else {
                return "A web page of “\(text.prefix(200))” may not come in, since no token is asked for here. "
                    + "Add that origin to allowed_origins, or set \(tokenSetting)."
            }
        }
        if visitor.origins.isEmpty, visitor.fetchSites.contains(where: { $0.lowercased() == "cross-site" }) {
            return
                "A web page of another site has caused this request (Sec-Fetch-Site: cross-site), and no token is "
                + "asked for here. Have it sent by fetch, from an origin in allowed_origins, or set \(tokenSetting)."
        }
        return nil
    }

    /// Whether a page of that origin may read answers (CORS): it is a loopback one, or in `allowed_origins`. That goes
    /// for doors with a token, too: without this permission a page cannot send one.
    public func sharesAnswers(with origins: [String]) -> Bool {
        guard origins.count == 1 else { return false }
        let origin = WebOrigin(origins[0])
        return origin.isLoopback || isAllowed(origin)
    }

    /// Why the preflight request of a page of that origin is refused (CORS); `nil` where it is not.
    public func refusalOfPreflight(from origins: [String]) -> String? {
        guard !sharesAnswers(with: origins) else { return nil }
        return "A web page of “\(origins.joined(separator: ", ").prefix(200))” may not call this. "
            + "Add that origin to allowed_origins."
    }

    private func isOurs(_ host: WebHost) -> Bool {
        host.isAddress || !host.name.contains(".") || allowedHosts.contains(host.name)
            || Self.privateDomains.contains { host.name.hasSuffix(".\($0)") }
    }

    private func isPermitted(_ origin: WebOrigin, at hosts: [WebHost]) -> Bool {
        if isAllowed(origin) { return true }
        guard !hosts.isEmpty else { return false }
        return hosts.allSatisfy { origin.isServed(by: $0) || (origin.isLoopback && $0.isLoopback) }
    }

    private func isAllowed(_ origin: WebOrigin) -> Bool { allowedOrigins.contains { $0.isSame(as: origin) } }

    /// A host as settings have it: an IPv6 address may stand without brackets.
    static func host(_ text: String) -> WebHost? { WebHost(text) ?? WebHost("[\(text)]") }
}
