import Bus
import Metrics
import Observability

/// What an operator sees of the connection to the broker. Handles are made once.
struct AMQPMetrics: Sendable {
    private let confirmed = MetricNames.busPublishes.counter("confirmed")
    private let unroutable = MetricNames.busPublishes.counter("unroutable")
    private let rejected = MetricNames.busPublishes.counter("rejected")
    private let unreachable = MetricNames.busPublishes.counter("unreachable")
    private let unknown = MetricNames.busPublishes.counter("unknown")
    let confirmsOutstanding = MetricNames.busConfirmsOutstanding.gauge()
    let reconnects = MetricNames.busReconnects.counter()
    let redeliveries = MetricNames.busRedeliveries.counter()

    func ended(_ outcome: PublishOutcome) {
        switch outcome {
        case .confirmed: confirmed.increment()
        case .unroutable: unroutable.increment()
        case .rejected, .notStored: rejected.increment()
        case .unreachable: unreachable.increment()
        case .unknown: unknown.increment()
        }
    }
}
