import Observability

/// What is answered to whom on the health port.
struct HealthAnswer: Sendable, Hashable {
    let status: Int
    let contentType: String
    let body: String

    /// - Parameters:
    ///   - uri: path and query, as they stand in the request.
    ///   - checks: what `/health/ready` asks.
    init(method: String, uri: String, checks: [HealthCheck], metrics: MetricsPage) {
        guard method == "GET" || method == "HEAD" else {
            self.init(405, "text/plain", "Only GET and HEAD are answered here.\n")
            return
        }
        switch uri.prefix(while: { $0 != "?" }) {
        case "/health/live": self.init(HealthReport.alive)
        case "/health/ready": self.init(HealthReport(checks))
        case "/metrics": self.init(200, MetricsPage.contentType, metrics.text())
        default: self.init(404, "text/plain", "There are /health/live, /health/ready and /metrics here.\n")
        }
    }

    private init(_ report: HealthReport) { self.init(report.httpStatus, "application/json", report.json) }

    private init(_ status: Int, _ contentType: String, _ body: String) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}
