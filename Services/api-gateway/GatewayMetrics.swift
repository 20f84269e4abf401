import Metrics
import NIOCore
import Observability

/// What an operator sees of the gateway: every handle is made once, here.
struct GatewayMetrics: Sendable {
    /// Every status the gateway answers with; ``count(_:)`` puts any other under `other`.
    private static let statuses = [200, 400, 401, 403, 404, 406, 413, 429, 503, 504]

    private let requests: [Int: Counter]
    private let otherRequests = MetricNames.httpRequests.counter("other")
    private let duration = MetricNames.httpDuration.timer()

    init() {
        requests = Dictionary(
            uniqueKeysWithValues: Self.statuses.map { ($0, MetricNames.httpRequests.counter("\($0)")) })
    }

    func answered(status: Int, after time: TimeAmount) {
        (requests[status] ?? otherRequests).increment()
        duration.recordNanoseconds(time.nanoseconds)
    }
}
