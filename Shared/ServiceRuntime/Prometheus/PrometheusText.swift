import Observability

/// Numbers in Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
enum PrometheusText {
    struct Label: Hashable, Sendable {
        let name: String
        let value: String
    }

    enum Reading: Sendable, Hashable {
        case number(Double)
        /// `counts` has one entry more than `bounds`: for values above all of them.
        case histogram(bounds: [Double], counts: [Double], sum: Double)
    }

    struct Series: Sendable {
        let labels: [Label]
        let reading: Reading
    }

    struct Family: Sendable {
        let name: String
        let help: String
        let kind: MetricName.Kind
        let series: [Series]
    }

    /// Families by name, series by labels.
    static func render(_ families: [Family]) -> String {
        var text = ""
        for family in families.sorted(by: { $0.name < $1.name }) {
            if !family.help.isEmpty { text += "# HELP \(family.name) \(escaped(family.help, quotes: false))\n" }
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            let lines = family.series.map { (braced($0.labels), $0) }.sorted { $0.0 < $1.0 }
            for (labels, series) in lines {
                switch series.reading {
                case .number(let value): text += "\(family.name)\(labels) \(number(value))\n"
                case .histogram(let bounds, let counts, let sum):
                    text += histogram(family.name, series.labels, bounds, counts, sum)
                }
            }
        }
        return text
    }

    private static func histogram(
        _ name: String, _ labels: [Label], _ bounds: [Double], _ counts: [Double], _ sum: Double
    ) -> String {
        var text = ""
        var below = 0.0
        for (bound, count) in zip(bounds + [.infinity], counts) {
            below += count
            text += "\(name)_bucket\(braced(labels + [Label(name: "le", value: number(bound))])) \(number(below))\n"
        }
        text += "\(name)_sum\(braced(labels)) \(number(sum))\n"
        return text + "\(name)_count\(braced(labels)) \(number(below))\n"
    }

    private static func braced(_ labels: [Label]) -> String {
        guard !labels.isEmpty else { return "" }
        return "{\(labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ","))}"
    }

    /// Whole numbers without a fraction; `+Inf`, `-Inf`, `NaN`.
    static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return "\(whole)" }
        if value.isNaN { return "NaN" }
        return value.isInfinite ? (value > 0 ? "+Inf" : "-Inf") : "\(value)"
    }

    static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
