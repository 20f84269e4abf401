import Logging
import Observability
import WebSocketTransport

/// What an operator reads of the attempts to reach one framework: each kind of failure as a warning with its likely
/// cause, but only once and then at debug until the framework has come back; and its return.
struct TargetDialLog {
    private let hasToken: Bool
    private let logger: Logger
    /// The kinds of failure that were logged as warnings since the framework was last there; more kinds than `maxTold`
    /// are logged at debug only.
    private var told: Set<String> = []
    private static let maxTold = 16
    private var failures = 0
    /// Whether the framework closed the last connection at once: then another connection is no news.
    private var isHungUpOn = false
    /// How often in a row it has let us in and closed with 1000 at once, as if all were well.
    private var farewells = 0

    init(hasToken: Bool, logger: Logger) {
        self.hasToken = hasToken
        self.logger = logger
    }

    mutating func failed(_ error: DialError, next delay: Duration) {
        report(
            "A framework cannot be reached; trying again.", "\(error)",
            cause: Self.likelyCause(of: error, hasToken: hasToken), next: delay)
    }

    /// - Parameter life: how long it was open. A connection that the framework closed at once was refused.
    mutating func ended(_ ending: WebSocketEnding, after life: Duration, steadyAfter: Duration, next delay: Duration) {
        if life >= steadyAfter {
            told = []
            failures = 0
            isHungUpOn = false
            farewells = 0
        }
        guard life < steadyAfter, !ending.isOurs else {
            logger.info(
                "The connection to a framework ended; dialling again.",
                metadata: [LogKeys.reason: "\(ending)", LogKeys.delay: "\(delay)"])
            return
        }
        isHungUpOn = true
        farewells = ending.code == 1000 ? farewells + 1 : 0
        report(
            "A framework hung up soon after it was reached; trying again.", "\(ending)",
            cause: Self.likelyCause(of: ending, farewells: farewells, hasToken: hasToken), next: delay)
    }

    func connected() {
        logger.log(
            level: isHungUpOn ? .debug : .info, "A framework is connected.",
            metadata: [LogKeys.count: "\(failures)"])
    }

    private mutating func report(_ message: Logger.Message, _ failure: String, cause: String, next delay: Duration) {
        failures += 1
        // The same ending may mean something else when it comes again and again.
        let isNew = told.count < Self.maxTold && told.insert(failure + cause).inserted
        logger.log(
            level: isNew ? .warning : .debug, message,
            metadata: [
                LogKeys.error: "\(failure)", LogKeys.reason: "\(cause)", LogKeys.count: "\(failures)",
                LogKeys.delay: "\(delay)",
            ])
    }

    // MARK: What to look at first

    /// Where frameworks listen unless they are told otherwise.
    static let knownPaths =
        "NoneBot /onebot/v11/ws, Koishi /onebot, aiocqhttp /ws/ (as a pair /ws/api/ and /ws/event/), Yunzai /OneBotv11"
    private static let token = "reverse_websockets[].access_token, sent as Authorization: Bearer TOKEN"

    static func likelyCause(of error: DialError, hasToken: Bool) -> String {
        switch error {
        case .badURL:
            return "Correct the address of reverse_websockets[]: ws://HOST:PORT/PATH."
        case .cannotConnect(let url, let reason):
            if isLoopback(url) {
                return
                    "Nothing listens there: is the framework running? In a container, localhost is the container itself: "
                    + "write the framework's service name, or host.docker.internal."
            }
            return reason.lowercased().contains("refused")
                ? "Nothing listens there: is the framework running, and does it listen on more than its own 127.0.0.1?"
                : "Check host and port of reverse_websockets[]."
        case .refused(let url, let status, _):
            return likelyCause(of: status, path: path(of: url), hasToken: hasToken)
        case .timedOut:
            return "The host takes the connection and says nothing: check that the port is the framework's."
        }
    }

    private static func likelyCause(of status: Int, path: String, hasToken: Bool) -> String {
        switch status {
        case 401:
            return hasToken
                ? "The framework does not take the token: compare it with \(token)."
                : "The framework wants a token: set \(token)."
        case 403:
            let token = hasToken ? "the token differs (\(token))" : "a token is wanted (\(token))"
            let path = "the path is not the framework's (\(path) is ours; \(knownPaths))"
            let twin = "it has a connection of this self_id already and takes one"
            return "One of three: \(token), \(path), or \(twin)."
        case 200..<300, 426:
            return "An HTTP server answers, not a WebSocket: check port and path (\(path) is ours; \(knownPaths))."
        case 300..<400:
            return "A redirect is not followed: write the address it leads to."
        case 400, 404, 405:
            return "Nothing for us at that path (\(path)): the usual ones are \(knownPaths)."
        case 502, 503, 504:
            return "The proxy before the framework does not reach it: is the framework running?"
        default:
            return "The framework did not upgrade to WebSocket: its own log says why."
        }
    }

    /// - Parameter farewells: how often in a row the connection was closed at once with 1000.
    static func likelyCause(of ending: WebSocketEnding, farewells: Int = 0, hasToken: Bool) -> String {
        switch ending.code {
        case 1000 where farewells > 1:
            let token = hasToken ? "does not take the token: compare it with" : "wants a token: set"
            return "Again and again it lets us in and closes with 1000 at once. So do frameworks that check the token "
                + "only then: it \(token) \(Self.token). Some close everybody like this where a token is set on their "
                + "side: try without one there."
        case 3000, 3003, 4001, 4003, 4401, 4403:
            return hasToken
                ? "The framework does not take the token: compare it with \(token)."
                : "The framework wants a token: set \(token)."
        case 1008:
            let token = hasToken ? "the token differs (\(token))" : "a token is wanted (\(token))"
            return
                "One of three: it has a connection of this self_id already and takes one, \(token), or it does not expect this "
                + "self_id or X-Client-Role (in Koishi: selfId, and one url rather than a pair)."
        case 1009: return "A message was larger than the framework takes: raise its limit, or set max_event_size here."
        case 1001, 1012: return "The framework is stopping or starting again."
        default: return "The framework's own log says why; is it a OneBot 11 server for reverse WebSocket?"
        }
    }

    private static func path(of url: String) -> String {
        let start = url.firstRange(of: "://")?.upperBound ?? url.startIndex
        let path = url[start...].drop { !"/?#".contains($0) }.prefix { !"?#".contains($0) }
        return path.isEmpty ? "/" : String(path)
    }

    private static func isLoopback(_ url: String) -> Bool {
        let start = url.firstRange(of: "://")?.upperBound ?? url.startIndex
        let authority = url[start...].prefix { !"/?#".contains($0) }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        return ["localhost", "127.", "[::1]"].contains { host.lowercased().hasPrefix($0) }
    }
}
