public import Bus

/// One running edge: its name, and the instance, which is new at every start, so that nothing about an earlier run is
/// taken to be about this one.
public struct EdgeAddress: Hashable, Sendable, Codable {
    /// `[A-Za-z0-9_-]{1,48}`.
    public let edgeID: String
    public let instance: String

    public init(edgeID: String, instance: String) {
        self.edgeID = edgeID
        self.instance = instance
    }

    /// A fresh instance: 12 hexadecimal digits.
    public static func newInstance() -> String {
        let digits = String(UInt64.random(in: 0..<1 << 48), radix: 16)
        return String(repeating: "0", count: 12 - digits.count) + digits
    }

    enum CodingKeys: String, CodingKey {
        case edgeID = "edge_id"
        case instance
    }

    /// Where broadcasts, callbacks and questions for this edge are published to: `edge.{edge_id}.{instance}`.
    public var key: RoutingKey { RoutingKey("edge.\(edgeID).\(instance)") }
    /// The key of this edge's reports to the registry: `report.{edge_id}.{instance}`.
    public var reportKey: RoutingKey { RoutingKey("report.\(edgeID).\(instance)") }
    public static let reportPattern: BindingPattern = "report.#"
}

extension EdgeAddress: CustomStringConvertible {
    public var description: String { "\(edgeID).\(instance)" }
}
