public import NIOCore

/// An answer of ours to an action (OneBot 11, "API response"). A bot's own answers pass as bytes.
public struct Response: Sendable {
    public enum Status: String, Sendable { case ok, async, failed }

    public var status: Status
    public var retcode: RetCode
    /// JSON; `null` where it is `nil`.
    public var data: ByteBuffer?
    /// What was wrong and what to do, in one sentence; only where the action failed.
    public var message: String?

    public static func ok(_ data: ByteBuffer? = nil) -> Response {
        Response(status: .ok, retcode: .ok, data: data)
    }

    public static let async = Response(status: .async, retcode: .async)

    public static func failed(_ retcode: RetCode, _ message: String, data: ByteBuffer? = nil) -> Response {
        Response(status: .failed, retcode: retcode, data: data, message: message)
    }

    /// 1503 with `data.retry_after_ms`.
    public static func unavailable(_ message: String, retryAfter: Duration = .seconds(1)) -> Response {
        var data = JSONObjectWriter()
        data.add("retry_after_ms", Int64(retryAfter / .milliseconds(1)))
        return .failed(.unavailable, message, data: data.finish())
    }

    /// 1429 with `data.retry_after_ms`, and `data.queue_position` where a queue was full: the place it would have had there.
    public static func rateLimited(_ message: String, retryAfter: Duration, queuePosition: Int? = nil) -> Response {
        var data = JSONObjectWriter()
        data.add("retry_after_ms", Int64(retryAfter / .milliseconds(1)))
        if let queuePosition { data.add("queue_position", Int64(queuePosition)) }
        return .failed(.rateLimited, message, data: data.finish())
    }

    /// The response's text. `echo` is the asker's echo as it wrote it, or `nil` where it sent none.
    public func encoded(echo: ByteBuffer?) -> ByteBuffer {
        var writer = JSONObjectWriter()
        writer.add("status", status.rawValue)
        writer.add("retcode", retcode.rawValue)
        if let data { writer.add("data", json: data) } else { writer.addNull("data") }
        if let message {
            writer.add("msg", message)
            writer.add("wording", message)
        }
        if let echo { writer.add("echo", json: echo) }
        return writer.finish()
    }
}
