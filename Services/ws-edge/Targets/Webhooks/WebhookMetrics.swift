import Metrics
import Observability

/// What an operator sees of the webhooks: every handle is made once, here.
final class WebhookMetrics: Sendable {
    enum Outcome: String, CaseIterable { case ok, refused, failed, unanswered }

    let quickOperationsFailed = MetricNames.quickOperationsFailed.counter()
    private let posts = Dictionary(
        uniqueKeysWithValues: Outcome.allCases.map { ($0, MetricNames.webhookPosts.counter($0.rawValue)) })
    private let drops = Dictionary(
        uniqueKeysWithValues: WebhookQueue.Loss.allCases.map {
            ($0, MetricNames.webhookEventsDropped.counter($0.rawValue))
        })

    func posted(_ outcome: Outcome) { posts[outcome]?.increment() }

    func dropped(_ loss: WebhookQueue.Loss, count: Int) {
        if count > 0 { drops[loss]?.increment(by: count) }
    }
}
