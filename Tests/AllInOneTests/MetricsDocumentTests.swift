import Observability
import Testing

@Suite("The metrics of docs/operating.md, in both languages")
struct MetricsDocumentTests {
    @Test(
        "the page lists those there are, with kind and labels",
        arguments: ["docs/operating.md", "docs/operating.zh-CN.md"])
    func table(page: String) throws {
        let documented = try Self.rows(of: page).map { cells in
            cells.prefix(3).joined(separator: " ").replacing("`", with: "")
        }
        let known = MetricNames.all.map { metric in
            "\(metric.name) \(metric.kind.rawValue) \(metric.labels.isEmpty ? "–" : metric.labels.joined(separator: ", "))"
        }
        #expect(Set(known).subtracting(documented).sorted() == [], "there, and not documented so")
        #expect(Set(documented).subtracting(known).sorted() == [], "documented, and not there so")
        #expect(documented.count == Set(documented).count)
    }

    @Test("both have them in the same order, and name the same values of their labels")
    func values() throws {
        let named = try ["docs/operating.md", "docs/operating.zh-CN.md"].map { page in
            try Self.rows(of: page).map { cells in
                cells.map { $0.matches(of: /`([^`]*)`/).map { String($0.output.1) } }
            }
        }
        for (english, chinese) in zip(named[0], named[1]) { #expect(english == chinese) }
    }

    private static func rows(of page: String) throws -> [[String]] {
        try Page(page).rows.filter { $0[0].hasPrefix("`perpetua_") && $0.count == 4 }
    }

    @Test("what any page calls a metric is one")
    func mentions() throws {
        let known = Set(
            MetricNames.all.flatMap { metric in
                [metric.name]
                    + (metric.kind == .histogram ? ["_bucket", "_count", "_sum"].map { metric.name + $0 } : [])
            })
        for page in try Page.all() where page.name.hasPrefix("docs/") || page.name.hasPrefix("README.") {
            for match in page.text.matches(of: /\bperpetua_[a-z_]+\b/) {
                #expect(known.contains(String(match.output)), "\(page.name) names \(match.output)")
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
