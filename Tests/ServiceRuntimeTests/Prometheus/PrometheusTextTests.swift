import Observability
import Testing

@testable import ServiceRuntime

@Suite("Prometheus' text format")
struct PrometheusTextTests {
    private func label(_ name: String, _ value: String) -> PrometheusText.Label { .init(name: name, value: value) }

    @Test("families by name, series by labels, each family with help and type")
    func families() {
        let text = PrometheusText.render([
            .init(
                name: "b_total", help: "Second.", kind: .counter,
                series: [
                    .init(labels: [label("door", "ws")], reading: .number(2)),
                    .init(labels: [label("door", "http")], reading: .number(1)),
                ]),
            .init(name: "a", help: "", kind: .gauge, series: [.init(labels: [], reading: .number(0.5))]),
        ])
        #expect(
            text == """
                # TYPE a gauge
                a 0.5
                # HELP b_total Second.
                # TYPE b_total counter
                b_total{door="http"} 1
                b_total{door="ws"} 2

                """)
    }

    @Test("a histogram's buckets count what is below, up to all")
    func histogram() {
        let text = PrometheusText.render([
            .init(
                name: "t_seconds", help: "", kind: .histogram,
                series: [
                    .init(
                        labels: [label("door", "ws")],
                        reading: .histogram(bounds: [0.1, 1], counts: [2, 0, 3], sum: 9.25))
                ])
        ])
        #expect(
            text == """
                # TYPE t_seconds histogram
                t_seconds_bucket{door="ws",le="0.1"} 2
                t_seconds_bucket{door="ws",le="1"} 2
                t_seconds_bucket{door="ws",le="+Inf"} 5
                t_seconds_sum{door="ws"} 9.25
                t_seconds_count{door="ws"} 5

                """)
    }

    @Test("label values and help are escaped as the format says")
    func escaping() {
        let text = PrometheusText.render([
            .init(
                name: "a", help: "Say \"x\"\\\nand go on.", kind: .gauge,
                series: [.init(labels: [label("l", "a\"b\\c\nd")], reading: .number(1))])
        ])
        #expect(text.contains(#"# HELP a Say "x"\\\nand go on."#))
        #expect(text.contains(#"a{l="a\"b\\c\nd"} 1"#))
    }

    @Test(
        "numbers",
        arguments: [
            (0.0, "0"), (-3, "-3"), (1e15, "1000000000000000"), (0.25, "0.25"), (.infinity, "+Inf"),
            (-.infinity, "-Inf"), (.nan, "NaN"),
        ])
    func numbers(value: Double, text: String) {
        #expect(PrometheusText.number(value) == text)
    }
}
