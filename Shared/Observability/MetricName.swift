public import Metrics

/// One metric: what it is called, what it means, and the handles through which it is recorded. A handle is made once
/// and kept: finding one costs more than recording.
public struct MetricName: Sendable, Hashable {
    public enum Kind: String, Sendable { case counter, gauge, histogram }

    /// With its unit, as Prometheus wants it: `perpetua_action_duration_seconds`.
    public let name: String
    public let kind: Kind
    /// What the number means, in a sentence for its reader.
    public let help: String
    /// The names of its labels. They have few values, all of our own: never what a peer sends.
    public let labels: [String]
    /// The upper ends of a histogram's buckets, ascending.
    public let buckets: [Double]

    init(_ name: String, _ kind: Kind, labels: [String] = [], buckets: [Double] = [], _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
        self.buckets = buckets
    }

    /// - Parameter labels: their values, in the order of ``labels``.
    public func counter(_ labels: String...) -> Counter { Counter(label: name, dimensions: dimensions(labels)) }

    public func gauge(_ labels: String...) -> Meter { Meter(label: name, dimensions: dimensions(labels)) }

    /// Records durations; its numbers are in seconds.
    public func timer(_ labels: String...) -> Timer { Timer(label: name, dimensions: dimensions(labels)) }

    private func dimensions(_ values: [String]) -> [(String, String)] {
        precondition(values.count == labels.count, "\(name) has the labels \(labels)")
        return Array(zip(labels, values))
    }
}
