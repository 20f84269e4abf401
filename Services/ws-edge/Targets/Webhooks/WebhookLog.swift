import Logging
import NIOCore
import Observability

/// What an operator reads of one webhook: each kind of failure as a warning with its likely cause, and at debug where
/// it comes again within a minute; the webhook's return; and that events were dropped. So a receiver that refuses every
/// second event is a warning once.
struct WebhookLog {
    private let logger: Logger
    /// What was logged as a warning.
    private var told: Set<String> = []
    private var lastFailed: NIODeadline?
    private var failures = 0
    private var dropped = 0
    /// A warning was logged, so that the webhook's return is to be logged, too.
    private var isWarned = false
    /// The kinds of answers that were logged before.
    private var oddities: Set<String> = []

    static let quietTime = TimeAmount.minutes(1)

    init(logger: Logger) { self.logger = logger }

    mutating func unanswered(_ error: any Error, at now: NIODeadline) {
        failed(
            "A webhook does not answer; the event is posted again.", kind: "\(error)", at: now,
            cause:
                "Is the receiver running, and is webhooks[].url right? Inside a container, localhost is the container itself."
        )
    }

    mutating func failed(status: Int, at now: NIODeadline) {
        failed(
            "A webhook's receiver answers that it failed.", kind: "status \(status)", at: now,
            cause: "The receiver's own log says more.")
    }

    mutating func refused(status: Int, at now: NIODeadline) {
        failed(
            "A webhook's receiver refused an event.", kind: "status \(status)", at: now,
            cause: Self.likelyCause(of: status))
    }

    mutating func delivered() {
        if isWarned {
            logger.info(
                "A webhook takes events again.",
                metadata: [LogKeys.count: "\(failures)", LogKeys.dropped: "\(dropped)"])
        }
        isWarned = false
        failures = 0
        dropped = 0
    }

    /// Events are given up.
    mutating func dropped(_ loss: WebhookQueue.Loss, count: Int) {
        guard count > 0 else { return }
        dropped += count
        logger.log(
            level: told.insert("dropped: \(loss.rawValue)").inserted ? .warning : .debug,
            "Events for a webhook are dropped.",
            metadata: [LogKeys.count: "\(count)", LogKeys.reason: "\(loss.rawValue)"])
    }

    /// Logs each kind once.
    mutating func odd(_ kind: String) {
        guard oddities.insert(kind).inserted else { return }
        logger.debug("A webhook's answer is no quick operation.", metadata: [LogKeys.reason: "\(kind)"])
    }

    private mutating func failed(_ message: Logger.Message, kind: String, at now: NIODeadline, cause: String) {
        if let lastFailed, now - lastFailed > Self.quietTime { told.removeAll() }
        lastFailed = now
        failures += 1
        let isNew = told.insert(kind).inserted
        if isNew { isWarned = true }
        logger.log(
            level: isNew ? .warning : .debug, message,
            metadata: [LogKeys.error: "\(kind)", LogKeys.reason: "\(cause)", LogKeys.count: "\(failures)"])
    }

    /// What to look at first where an answer means that the event is not posted again.
    static func likelyCause(of status: Int) -> String {
        switch status {
        case 300..<400: "It redirects, which is not followed: set webhooks[].url to the final address."
        case 401, 403: "It does not accept the signature: is webhooks[].secret the receiver's own?"
        case 404, 405:
            "Nothing takes events at that path: NoneBot's is /onebot/v11/, aiocqhttp's is /."
        case 413: "The event is too large for it."
        default: "The receiver's own log says more."
        }
    }
}
