import NIOCore
import OneBot

/// An answer as it leaves by HTTP: a status, and the response's JSON.
///
/// | what happened | status |
/// |---|---|
/// | refused at the door: token, path, content type, body | retcode − 1000 |
/// | our action failed: a bad value, no such client, a name that is taken | 200 |
/// | our action failed: 1401, 1403, 1413, 1429, 1503, 1504 | retcode − 1000 |
/// | a bot answered 1400, 1401, 1403, 1404; or its answer did not come through: 1413, 1429, 1502, 1503, 1504 | retcode − 1000 |
/// | everything else | 200 |
///
/// OneBot 11 (HTTP) knows 401, 403, 404, 406, 400 and 200 for the rest, failures included; what a load balancer or a
/// retrying client must see comes on top.
struct OneBotReply: Sendable {
    let status: Int
    let body: ByteBuffer
    var contentType = "application/json"
    /// What follows it, where a bot answers in parts; `body` is the first one then.
    var rest: StreamedAnswers?

    /// 204: there is nothing to say.
    static let empty = OneBotReply(status: 204, body: ByteBuffer())

    /// The door's own "no": the action was not even tried.
    static func refusal(_ reason: FailureReason, _ message: String) -> OneBotReply {
        OneBotReply(
            status: reason.retcode.rawValue - 1000, body: Response.failed(reason, message).encoded(echo: nil))
    }

    /// The outcome of one of our own actions.
    static func own(_ response: Response) -> OneBotReply {
        OneBotReply(status: ownStatus(response.retcode), body: response.encoded(echo: nil))
    }

    /// The same, carried out and encoded by the caller's edge.
    static func own(encoded body: ByteBuffer) -> OneBotReply {
        OneBotReply(status: retcode(in: body).map(ownStatus) ?? 200, body: body)
    }

    /// A bot's answer, byte for byte; or ours in its place where it gave none.
    static func bot(_ body: ByteBuffer) -> OneBotReply {
        OneBotReply(status: retcode(in: body).map(botStatus) ?? 200, body: body)
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
