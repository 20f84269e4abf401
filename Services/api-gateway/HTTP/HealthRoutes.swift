import NIOCore
import Observability
import OneBot

/// `/health/live` and `/health/ready`, for whatever restarts the process or routes requests to it: without a token, and
/// without secrets. `/metrics` is for those who show the token, where there is one.
struct HealthRoutes: Sendable {
    let checks: [HealthCheck]
    let metrics: MetricsPage?

    /// The process is alive because it answers; nothing else is looked at.
    var live: OneBotReply { Self.reply(.alive) }

    /// 200, or 503 with the reasons.
    var ready: OneBotReply { Self.reply(HealthReport(checks)) }

    /// 404 where the process keeps no numbers.
    var numbers: OneBotReply {
        guard let metrics else { return .refusal(.notFound, "This process keeps no metrics.") }
        return OneBotReply(
            status: 200, body: ByteBuffer(string: metrics.text()), contentType: MetricsPage.contentType)
    }

    private static func reply(_ report: HealthReport) -> OneBotReply {
        OneBotReply(status: report.httpStatus, body: ByteBuffer(string: report.json))
    }
}
