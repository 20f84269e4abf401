import Observability
import Testing

@testable import ServiceRuntime

@Suite("What health checks are told")
struct HealthReportTests {
    private func report(_ impairments: Impairment?...) -> HealthReport {
        HealthReport(impairments.map { impairment in { impairment } })
    }

    @Test("all is well where nobody complains")
    func ok() {
        #expect(report(nil, nil).httpStatus == 200)
        #expect(report(nil).json == #"{"status":"ok"}"#)
    }

    @Test(
        "the worst part says how the whole is, and every reason is told",
        arguments: [
            ([Impairment.Degree.standby], 200, "standby"), ([.degraded], 503, "degraded"), ([.ailing], 200, "degraded"),
            ([.ailing, .degraded], 503, "degraded"),
            ([.unavailable], 503, "unavailable"), ([.standby, .degraded], 503, "degraded"),
            ([.unavailable, .degraded], 503, "unavailable"),
        ])
    func worst(degrees: [Impairment.Degree], httpStatus: Int, status: String) {
        let report = HealthReport(degrees.map { degree in { Impairment(degree, "Because.") } })
        #expect(report.httpStatus == httpStatus)
        let reasons = degrees.map { _ in #""Because.""# }.joined(separator: ",")
        #expect(report.json == #"{"status":"\#(status)","reasons":[\#(reasons)]}"#)
    }

    @Test("a reason that several parts give is told once")
    func repeated() {
        let (one, other) = (Impairment(.degraded, "One."), Impairment(.ailing, "Other."))
        #expect(report(one, other, one).json == #"{"status":"degraded","reasons":["One.","Other."]}"#)
    }

    @Test("a reason may hold anything")
    func escaping() {
        #expect(report(Impairment(.degraded, "a \"b\"\n\\ 群\u{1f}")).json.contains(#"["a \"b\"\u000a\\ 群\u001f"]"#))
    }
}

@Suite("What is answered on the health port")
struct HealthAnswerTests {
    private func answer(_ method: String, _ uri: String) -> HealthAnswer {
        HealthAnswer(
            method: method, uri: uri, checks: [{ Impairment(.degraded, "The broker takes no messages now.") }],
            metrics: MetricsPage { "a 1\n" })
    }

    @Test("live, ready and metrics, whatever the query")
    func paths() {
        #expect(answer("GET", "/health/live").status == 200)
        #expect(answer("GET", "/health/ready?x=/health/live").status == 503)
        #expect(answer("HEAD", "/health/ready").body.contains("The broker takes no messages now."))
        #expect(answer("GET", "/metrics").body == "a 1\n")
        #expect(answer("GET", "/metrics").contentType == "text/plain; version=0.0.4; charset=utf-8")
    }

    @Test("nothing else", arguments: ["/", "", "*", "/health", "/metrics/", "/health/live/..", "http://h/metrics"])
    func others(uri: String) {
        #expect(answer("GET", uri).status == 404)
    }

    @Test("only to those who ask", arguments: ["POST", "DELETE", "CONNECT", "get"])
    func methods(method: String) {
        #expect(answer(method, "/metrics").status == 405)
    }
}
