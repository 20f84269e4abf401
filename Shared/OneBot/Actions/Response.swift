public import NIOCore

/// An answer to an action, made by us (OneBot 11, "API response"). A bot's answers are passed on as bytes.
public struct Response: Sendable {
    public enum Status: String, Sendable { case ok, async, failed }

    public let status: Status
    public let retcode: RetCode
    /// JSON; `null` where it is `nil`.
    public let data: ByteBuffer?
    /// What is wrong and what to do, in one sentence; only where the action failed.
    public let message: String?

    private init(status: Status, retcode: RetCode, data: ByteBuffer? = nil, message: String? = nil) {
        self.status = status
        self.retcode = retcode
        self.data = data
        self.message = message
    }

    public static func ok(_ data: ByteBuffer? = nil) -> Response {
        Response(status: .ok, retcode: .ok, data: data)
    }

    public static let async = Response(status: .async, retcode: .async)

    /// Has `data.carried_out` where the reason has it, and `data.retry_after_ms` where the action was not carried out.
    public static func failed(_ reason: FailureReason, _ message: String) -> Response {
        Response(status: .failed, retcode: reason.retcode, data: data(of: reason), message: message)
    }

    private static func data(of reason: FailureReason) -> ByteBuffer? {
        guard let carriedOut = reason.carriedOut else { return nil }
        var data = JSONObjectWriter()
        data.add("carried_out", carriedOut.word)
        if let retryAfter = carriedOut.retryAfter { data.add("retry_after_ms", Int64(retryAfter / .milliseconds(1))) }
        if let position = reason.queuePosition { data.add("queue_position", Int64(position)) }
        return data.finish()
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
