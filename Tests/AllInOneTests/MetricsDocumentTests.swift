import Foundation
import Observability
import Testing

@Suite("The metrics of docs/operating.md")
struct MetricsDocumentTests {
    @Test("the page lists those there are, with kind and labels")
    func table() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/operating.md"), encoding: .utf8)
        let documented = page.split(separator: "\n").filter { $0.hasPrefix("| `perpetua_") }.map { line in
            line.split(separator: "|").prefix(3).map { $0.trimmingCharacters(in: .whitespaces) }
                .joined(separator: " ").replacing("`", with: "")
        }
        let known = MetricNames.all.map { metric in
            "\(metric.name) \(metric.kind.rawValue) \(metric.labels.isEmpty ? "–" : metric.labels.joined(separator: ", "))"
        }
        #expect(Set(known).subtracting(documented).sorted() == [], "there, and not documented so")
        #expect(Set(documented).subtracting(known).sorted() == [], "documented, and not there so")
        #expect(documented.count == Set(documented).count)
    }

    @Test("what any page calls a metric is one")
    func mentions() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let known = Set(
            MetricNames.all.flatMap { metric in
                [metric.name]
                    + (metric.kind == .histogram ? ["_bucket", "_count", "_sum"].map { metric.name + $0 } : [])
            })
        let pages = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: "docs").path)
            .filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }
        for page in ["README.md", "README.zh-CN.md"] + pages {
            let text = try String(contentsOf: root.appending(path: page), encoding: .utf8)
            for match in text.matches(of: /\bperpetua_[a-z_]+\b/) {
                #expect(known.contains(String(match.output)), "\(page) names \(match.output)")
            }
        }
    }

    @Test("names follow Prometheus' rules", arguments: MetricNames.all)
    func names(metric: MetricName) {
        #expect(metric.name.hasPrefix("perpetua_"))
        #expect(metric.name.allSatisfy { $0 == "_" || ("a"..."z").contains($0) })
        #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter))
        #expect(metric.name.hasSuffix("_seconds") || metric.kind != .histogram)
        #expect(metric.buckets.isEmpty == (metric.kind != .histogram))
        #expect(metric.buckets == metric.buckets.sorted())
        #expect(metric.help.hasSuffix("."))
        #expect(!metric.labels.contains("self_id"))
    }

    @Test("no name is given twice")
    func unique() {
        #expect(Set(MetricNames.all.map(\.name)).count == MetricNames.all.count)
    }
}
