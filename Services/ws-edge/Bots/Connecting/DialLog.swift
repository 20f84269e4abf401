import Logging
import Observability
import WebSocketTransport

/// What an operator reads of the attempts to reach one bot: each kind of failure as a warning with its likely cause,
/// but only once and then at debug until the bot has come back; and its return. A bot is dialled every two seconds for
/// ever, and its failures may take turns.
struct DialLog {
    let entry: Int
    /// Its program was started a moment ago by ourselves: that it does not listen at once is no news.
    let isStarted: Bool
    let logger: Logger
    /// The kinds of failure that were logged as warnings since the bot was last there.
    private var told: Set<String> = []
    private var failures = 0
    /// How often in a row it has let us in and closed with 1000, as if all were well, before it said who it is.
    private var farewells = 0

    /// More kinds than that are logged at debug only.
    private static let maxTold = 16

    /// Attempts a program of ours may need until it listens.
    private static let attemptsToStart = 3

    init(entry: Int, isStarted: Bool = false, logger: Logger) {
        self.entry = entry
        self.isStarted = isStarted
        var logger = logger
        logger[metadataKey: LogKeys.botEntry] = "bots[\(entry)]"
        self.logger = logger
    }

    mutating func failed(_ error: DialError, next delay: Duration) {
        failures += 1
        let failure = "\(error)"
        let isNew = !(isStarted && failures <= Self.attemptsToStart) && isNews(failure)
        logger.log(
            level: isNew ? .warning : .debug, "A bot cannot be reached; trying again.",
            metadata: [
                LogKeys.error: "\(failure)", LogKeys.reason: "\(Self.likelyCause(of: error))",
                LogKeys.count: "\(failures)", LogKeys.delay: "\(delay)",
            ])
    }

    mutating func connected() {
        if failures > 0 {
            logger.info("A bot is reached after failures.", metadata: [LogKeys.count: "\(failures)"])
        }
        failures = 0
    }

    mutating func ended(_ ending: BotConnection.Ending, next delay: Duration) {
        guard ending.selfID == nil else {
            told = []
            farewells = 0
            logger.debug(
                "The connection to a bot ended; dialling again.",
                metadata: [LogKeys.reason: "\(ending.socket)", LogKeys.delay: "\(delay)"])
            return
        }
        farewells = ending.socket.code == 1000 && !ending.socket.isOurs ? farewells + 1 : 0
        let failure = "\(ending.socket), retcode \(ending.refusal.map(String.init) ?? "none")"
        let cause = Self.likelyCause(of: ending, farewells: farewells)
        // The same ending may mean something else when it comes again and again.
        let isNew = isNews(failure + cause)
        logger.log(
            level: isNew ? .warning : .debug,
            "The connection to a bot ended before it said who it is; dialling again.",
            metadata: [
                LogKeys.error: "\(failure)", LogKeys.delay: "\(delay)",
                LogKeys.reason: "\(cause)",
            ])
    }

    private mutating func isNews(_ failure: String) -> Bool {
        guard told.count < Self.maxTold else { return false }
        return told.insert(failure).inserted
    }

    /// - Parameter farewells: how often in a row it closed with 1000 before it said who it is.
    private static func likelyCause(of ending: BotConnection.Ending, farewells: Int) -> String {
        // Some say so in a response, some in the text of their close frame, some by its code.
        let isToken =
            [1401, 1403].contains(ending.refusal) || ending.socket.reason.lowercased().contains("token")
            || ending.socket.code.map { [3000, 3003, 4001, 4003, 4401, 4403].contains($0) } ?? false
        if isToken { return "The bot does not accept the token: set bots[].access_token to the bot's own." }
        guard farewells > 1 else { return "Is it a OneBot 11 server, and logged in?" }
        return "Again and again it lets us in and closes with 1000 at once. So do servers that check the token only "
            + "then: compare bots[].access_token with the bot's own."
    }

    /// What to look at first.
    static func likelyCause(of error: DialError) -> String {
        switch error {
        case .badURL:
            return "Correct bots[].url: ws://HOST:PORT/PATH."
        case .cannotConnect(_, let reason):
            let isRefused = reason.lowercased().contains("refused")
            return isRefused
                ? "Nothing listens there: is the bot running, with its forward WebSocket server switched on?"
                : "Check host and port of bots[].url; inside a container, localhost is the container itself."
        case .refused(_, let status, _):
            switch status {
            case 401: return "The bot wants a token: set bots[].access_token to the bot's own."
            case 403: return "The bot does not accept the token: set bots[].access_token to the bot's own."
            case 404: return "Nothing at that path: check the path of bots[].url."
            case 200..<300, 426:
                return "An HTTP server answers, not a WebSocket: check the port and the path of bots[].url."
            default: return "The bot's server did not upgrade to WebSocket."
            }
        case .timedOut:
            return "The host takes the connection and says nothing: check that the port is the bot's WebSocket server."
        }
    }
}
