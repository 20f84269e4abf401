/// What `/metrics` answers: every number of the process, in Prometheus' text format.
public struct MetricsPage: Sendable {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The numbers as they are now.
    public let text: @Sendable () -> String

    public init(_ text: @escaping @Sendable () -> String) { self.text = text }
}
