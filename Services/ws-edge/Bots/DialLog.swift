import Logging
import Observability
import WebSocketTransport

/// What an operator reads of the attempts to reach one bot: each kind of failure once as a warning with its likely
/// cause, at debug as long as the bot is away, and the return. A bot is dialled every two seconds for ever, and may
/// fail in turns by this and by that.
struct DialLog {
    let entry: Int
    /// Its program was started a moment ago by ourselves: that it does not listen at once is no news.
    let isStarted: Bool
    let logger: Logger
    /// The kinds of failure that were told since the bot was last there.
    private var told: Set<String> = []
    private var failures = 0

    /// More kinds than that are told at debug only.
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
            logger.debug(
                "The connection to a bot ended; dialling again.",
                metadata: [LogKeys.reason: "\(ending.socket)", LogKeys.delay: "\(delay)"])
            return
        }
        let failure = "\(ending.socket), retcode \(ending.refusal.map(String.init) ?? "none")"
        let isNew = isNews(failure)
        // Some say so in a response, some in the text of their close frame.
        let isToken =
            [1401, 1403].contains(ending.refusal) || ending.socket.reason.lowercased().contains("token")
        logger.log(
            level: isNew ? .warning : .debug,
            "The connection to a bot ended before it said who it is; dialling again.",
            metadata: [
                LogKeys.error: "\(failure)", LogKeys.delay: "\(delay)",
                LogKeys.reason: isToken
                    ? "The bot does not accept the token: set bots[].access_token to the bot's own."
                    : "Is it a OneBot 11 server, and logged in?",
            ])
    }

    private mutating func isNews(_ failure: String) -> Bool {
        guard told.count < Self.maxTold else { return false }
        return told.insert(failure).inserted
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
