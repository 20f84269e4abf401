import CoreMetrics
import Metrics
import Observability
import Testing

@testable import ServiceRuntime

@Suite("The metrics backend")
struct PrometheusMetricsTests {
    private let metrics = PrometheusMetrics()

    @Test("a counter counts up, and two handles of one name are one number")
    func counter() {
        Counter(label: "c_total", dimensions: [("a", "1")], factory: metrics).increment()
        Counter(label: "c_total", dimensions: [("a", "1")], factory: metrics).increment(by: 4)
        Counter(label: "c_total", dimensions: [("a", "2")], factory: metrics).increment()
        FloatingPointCounter(label: "f_total", factory: metrics).increment(by: 0.25)
        #expect(metrics.text.contains("# TYPE c_total counter\nc_total{a=\"1\"} 5\nc_total{a=\"2\"} 1\n"))
        #expect(metrics.text.contains("f_total 0.25\n"))
    }

    @Test("a gauge is set, however it is made")
    func gauge() {
        let gauge = Gauge(label: "g", factory: metrics)
        gauge.record(7)
        gauge.record(3)
        let meter = Meter(label: "m", factory: metrics)
        meter.set(5)
        meter.decrement(by: 2)
        meter.increment()
        #expect(metrics.text.contains("# TYPE g gauge\ng 3\n"))
        #expect(metrics.text.contains("# TYPE m gauge\nm 4\n"))
    }

    @Test("a timer is a histogram in seconds, with the buckets of its name")
    func timer() {
        let timer = Timer(label: MetricNames.actionDuration.name, dimensions: [("door", "http")], factory: metrics)
        timer.recordNanoseconds(2_000_000)
        timer.recordSeconds(120)
        let text = metrics.text
        #expect(text.contains("# HELP perpetua_action_duration_seconds "))
        #expect(text.contains(#"perpetua_action_duration_seconds_bucket{door="http",le="0.001"} 0"#))
        #expect(text.contains(#"perpetua_action_duration_seconds_bucket{door="http",le="0.0025"} 1"#))
        #expect(text.contains(#"perpetua_action_duration_seconds_bucket{door="http",le="60"} 1"#))
        #expect(text.contains(#"perpetua_action_duration_seconds_bucket{door="http",le="+Inf"} 2"#))
        #expect(text.contains(#"perpetua_action_duration_seconds_sum{door="http"} 120.002"#))
    }

    @Test("a value on a bucket's bound is in that bucket")
    func bound() {
        let histogram = PrometheusHistogram(buckets: [1, 2])
        for value in [1.0, 1.5, 2.0, 2.5] { histogram.record(value) }
        #expect(histogram.reading == .histogram(bounds: [1, 2], counts: [1, 2, 1], sum: 7))
    }

    @Test("a name that is one thing already does not become another")
    func conflict() {
        Counter(label: "x", factory: metrics).increment()
        Meter(label: "x", factory: metrics).set(9)
        #expect(metrics.text == "# TYPE x counter\nx 1\n")
    }

    @Test("what is destroyed is gone")
    func destroyed() {
        let counter = Counter(label: "c", factory: metrics)
        counter.destroy()
        #expect(metrics.text == "")
    }

    @Test("there is a bound on series, and what is beyond it does no harm")
    func limit() {
        for number in 0...PrometheusMetrics.limit {
            Counter(label: "c", dimensions: [("n", "\(number)")], factory: metrics).increment()
        }
        #expect(metrics.text.split(separator: "\n").count == PrometheusMetrics.limit + 1)
    }

    @Test("nothing is lost when many record at once")
    func concurrent() async {
        let counter = Counter(label: "c", factory: metrics)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<1000 { counter.increment() } } }
        }
        #expect(metrics.text.contains("c 8000\n"))
    }
}
