import Actions
import Hummingbird
import OneBot

/// CORS (WHATWG Fetch §3.3): lets pages of loopback origins and of `allowed_origins` read answers, refusals included,
/// and send the requests about which a browser asks first.
struct CrossOrigin: Sendable {
    let policy: DoorPolicy

    /// Whether the browser only asks whether it may send a page's request. Such a question carries no token.
    static func isPreflight(_ request: Request) -> Bool {
        request.method == .options && request.headers[.origin] != nil
            && request.headers[.accessControlRequestMethod] != nil
    }

    /// 204, or 403 naming the setting.
    func preflight(_ request: Request) throws(Refusal) -> OneBotReply {
        if let refusal = policy.refusalOfPreflight(from: request.headers[values: .origin]) {
            throw Refusal(.forbidden, refusal)
        }
        return .empty
    }

    /// What an answer carries for the browser's sake.
    func headers(for request: Request) -> HTTPFields {
        // Otherwise a cache might give the answer for one page to another.
        var headers: HTTPFields = [.vary: "Origin"]
        guard let origin = request.headers[.origin], policy.sharesAnswers(with: request.headers[values: .origin]) else {
            return headers
        }
        headers[.accessControlAllowOrigin] = origin
        guard Self.isPreflight(request) else { return headers }
        headers[.accessControlAllowMethods] = "GET, POST"
        headers[.accessControlAllowHeaders] = Self.allowedHeaders
        headers[.accessControlMaxAge] = "600"
        // A browser asks separately about a page of a public site that calls a private address (Private Network
        // Access).
        if request.headers[.requestPrivateNetwork] == "true" { headers[.allowPrivateNetwork] = "true" }
        return headers
    }

    /// All headers that we read and that a browser does not send without asking.
    private static let allowedHeaders =
        "Authorization, Content-Type, X-Client-Token, X-Client-ID, X-Priority, traceparent"
}

extension DoorPolicy.Visitor {
    init(_ request: Request) {
        self.init(
            // The first `Host` is no longer among the headers: it has become the authority.
            hosts: [request.head.authority].compactMap(\.self) + request.headers[values: .hostHeader],
            origins: request.headers[values: .origin], fetchSites: request.headers[values: .secFetchSite])
    }
}

extension HTTPFields.Element.Name {
    fileprivate static let hostHeader = Self("Host")!
    fileprivate static let secFetchSite = Self("Sec-Fetch-Site")!
    fileprivate static let requestPrivateNetwork = Self("Access-Control-Request-Private-Network")!
    fileprivate static let allowPrivateNetwork = Self("Access-Control-Allow-Private-Network")!
}
