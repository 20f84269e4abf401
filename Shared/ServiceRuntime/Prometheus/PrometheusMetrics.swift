import CoreMetrics
import Observability
import Synchronization

/// The backend of swift-metrics that every process uses: keeps numbers, and writes them in Prometheus' text format.
///
/// Recording takes no lock: a handle is an atomic number, or several. The lock is for making handles and for reading
/// all of them.
final class PrometheusMetrics: MetricsFactory {
    /// Further series are not kept. Labels have few values, so only a mistake of our own can reach this.
    static let limit = 4096

    private struct Series {
        let kind: MetricName.Kind
        let handler: any PrometheusSeries
    }

    private struct Key: Hashable {
        let name: String
        let labels: [PrometheusText.Label]
    }

    private let known: [String: MetricName]
    private let series = Mutex<[Key: Series]>([:])

    init(_ names: [MetricName] = MetricNames.all) {
        known = Dictionary(names.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Everything as it is now.
    var text: String {
        let all = series.withLock { $0 }
        let families = Dictionary(grouping: all, by: \.key.name).map { name, members in
            PrometheusText.Family(
                name: name, help: known[name]?.help ?? "", kind: members[0].value.kind,
                series: members.map { .init(labels: $0.key.labels, reading: $0.value.handler.reading) })
        }
        return PrometheusText.render(families)
    }

    // MARK: MetricsFactory

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        handler(label, dimensions, .counter) { PrometheusNumber() }
    }

    func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        handler(label, dimensions, .counter) { PrometheusNumber() }
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        handler(label, dimensions, .gauge) { PrometheusNumber() }
    }

    /// A recorder that does not aggregate is a gauge (`Gauge` is made this way); one that does is a histogram.
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return handler(label, dimensions, .gauge) { PrometheusNumber() } }
        return handler(label, dimensions, .histogram) { histogram(label) }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        handler(label, dimensions, .histogram) { histogram(label) }
    }

    func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler) }
    func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
    func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
    func destroyTimer(_ handler: any TimerHandler) { forget(handler) }

    /// The handler for that name and those labels, made if it is new. One that cannot be kept (the name has another
    /// kind, or there are too many) records for nobody.
    private func handler<Handler: PrometheusSeries>(
        _ name: String, _ dimensions: [(String, String)], _ kind: MetricName.Kind, make: () -> Handler
    ) -> Handler {
        let key = Key(name: name, labels: dimensions.map { .init(name: $0, value: $1) })
        let fresh = make()
        return series.withLock { series in
            if let known = series[key] {
                guard known.kind == kind, let handler = known.handler as? Handler else { return fresh }
                return handler
            }
            if series.count < Self.limit { series[key] = Series(kind: kind, handler: fresh) }
            return fresh
        }
    }

    private func histogram(_ name: String) -> PrometheusHistogram {
        PrometheusHistogram(buckets: known[name]?.buckets ?? [0.001, 0.01, 0.1, 1, 10])
    }

    private func forget(_ handler: AnyObject) {
        series.withLock { series in series = series.filter { $0.value.handler !== handler } }
    }
}
