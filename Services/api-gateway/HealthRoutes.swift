import NIOCore
import OneBot

/// `/health/live` and `/health/ready`, for whoever restarts or routes: without a token, and without secrets.
struct HealthRoutes: Sendable {
    /// Each says why its part cannot serve, or `nil` where it can.
    let readiness: [@Sendable () -> String?]

    /// The process answers: that is all there is to it.
    var live: OneBotReply { Self.reply([]) }

    /// 200, or 503 with the reasons.
    var ready: OneBotReply { Self.reply(readiness.compactMap { $0() }) }

    private static func reply(_ reasons: [String]) -> OneBotReply {
        var list = ByteBuffer(string: "[")
        for (index, reason) in reasons.enumerated() {
            if index > 0 { list.writeStaticString(",") }
            list.writeJSONString(reason)
        }
        list.writeStaticString("]")
        var writer = JSONObjectWriter()
        writer.add("status", reasons.isEmpty ? "ok" : "unavailable")
        if !reasons.isEmpty { writer.add("reasons", json: list) }
        return OneBotReply(status: reasons.isEmpty ? 200 : 503, body: writer.finish())
    }
}
