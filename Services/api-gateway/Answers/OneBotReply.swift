import NIOCore
import OneBot

/// An answer as it leaves by HTTP: a status, and the response's JSON.
///
/// | what happened | status |
/// |---|---|
/// | refused at the door: token, path, content type, body | retcode − 1000 |
/// | our action failed: a bad value, no such client, a name that is taken | 200 |
/// | our action failed: 1401, 1403, 1413, 1429, 1503, 1504 | retcode − 1000 |
/// | a bot answered 1400, 1401, 1403 or 1404 | retcode − 1000 |
/// | a bot answered 404, as some do for an action that they do not know | 404 |
/// | a bot's answer did not come through: 1413, 1429, 1502, 1503, 1504 | retcode − 1000 |
/// | everything else | 200 |
///
/// OneBot 11 (HTTP) knows 400, 401, 403, 404 and 406, and 200 for everything else, failures included. We add the
/// statuses that a load balancer or a retrying client must see, unless ``FailedStatus`` says otherwise.
struct OneBotReply: Sendable {
    private(set) var status: Int
    let body: ByteBuffer
    var contentType = "application/json"
    /// The rest of the answer, where a bot answers in parts; `body` is then its first part.
    var rest: StreamedAnswers?
    /// `Retry-After`, in seconds: where the action was not carried out, and may be sent again.
    private(set) var retryAfter: Int64?

    /// 204: there is nothing to say.
    static let empty = OneBotReply(status: 204, body: ByteBuffer())

    /// The door's own "no": the action was not even tried.
    static func refusal(_ reason: FailureReason, _ message: String) -> OneBotReply {
        answer(reason.retcode.rawValue - 1000, Response.failed(reason, message).encoded(echo: nil))
    }

    /// The outcome of one of our own actions.
    static func own(_ response: Response) -> OneBotReply {
        answer(ownStatus(response.retcode), response.encoded(echo: nil))
    }

    /// The same, carried out and encoded by the caller's edge.
    static func own(encoded body: ByteBuffer) -> OneBotReply {
        answer(retcode(in: body).map(ownStatus) ?? 200, body)
    }

    /// A bot's answer, byte for byte; or ours in its place where it gave none.
    static func bot(_ body: ByteBuffer) -> OneBotReply {
        answer(retcode(in: body).map(botStatus) ?? 200, body)
    }

    /// The same reply with the status that is set for such failures.
    func failing(with choice: FailedStatus) -> OneBotReply {
        var reply = self
        reply.status = choice.status(insteadOf: status)
        return reply
    }

    private static func answer(_ status: Int, _ body: ByteBuffer) -> OneBotReply {
        var reply = OneBotReply(status: status, body: body)
        if status == 429 || status >= 500 {
            // An answer that is no object has no such member.
            let milliseconds = (try? JSONObject(body))?["data"]?.object?["retry_after_ms"]?.int64
            reply.retryAfter = milliseconds.flatMap { $0 > 0 ? ($0 - 1) / 1000 + 1 : nil }
        }
        return reply
    }

    private static func ownStatus(_ retcode: RetCode) -> Int {
        switch retcode {
        case .unauthorized, .forbidden, .tooLarge, .rateLimited, .unavailable, .timedOut: retcode.rawValue - 1000
        default: 200
        }
    }

    private static func botStatus(_ retcode: RetCode) -> Int {
        switch retcode {
        case .badRequest, .unauthorized, .forbidden, .notFound, .tooLarge, .rateLimited, .unreadableAnswer,
            .unavailable, .timedOut:
            retcode.rawValue - 1000
        // Lagrange and go-cqhttp: no such action.
        case RetCode(rawValue: 404): 404
        default: 200
        }
    }

    private static func retcode(in body: ByteBuffer) -> RetCode? {
        // What is no object has no retcode; it passes as it came.
        guard let number = (try? JSONObject(body))?["retcode"]?.int64 else { return nil }
        return Int(exactly: number).map(RetCode.init)
    }
}

/// Why a request is refused before its action is tried.
struct Refusal: Error, Sendable {
    let reason: FailureReason
    let message: String

    init(_ reason: FailureReason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    var retcode: RetCode { reason.retcode }
    var reply: OneBotReply { .refusal(reason, message) }
}

/// `api.failed_status`: the HTTP status of an action that failed for a reason which a load balancer or a retrying
/// caller should see.
public enum FailedStatus: String, Sendable, CaseIterable {
    /// Its retcode's: 429, 502, 503 or 504.
    case byRetcode = "by_retcode"
    /// 200, as for any other failure: for clients that read the body of a 200 only.
    case ok = "200"

    private static let replaced: Set<Int> = [429, 502, 503, 504]

    /// - Parameter status: the retcode's. A mistake in the request itself keeps its status.
    func status(insteadOf status: Int) -> Int {
        switch self {
        case .byRetcode: status
        case .ok: Self.replaced.contains(status) ? 200 : status
        }
    }
}
