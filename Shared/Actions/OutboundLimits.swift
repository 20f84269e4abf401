public import SettingsReading

/// How far whoever reads from us may fall behind: bounds of what waits for one reader.
public struct OutboundLimits: Sendable {
    /// `edge.outbound_bytes`. Default 64 MiB.
    public var bytes: Int
    /// `edge.outbound_age`. Default 30 s.
    public var age: Duration

    public init(_ settings: Settings) {
        bytes = settings.bytes("edge.outbound_bytes", default: 64 << 20, in: 64 << 10...4 << 30)
        age = settings.duration("edge.outbound_age", default: .seconds(30), in: .seconds(1)...(.seconds(3600)))
    }

    public init(bytes: Int, age: Duration) {
        self.bytes = bytes
        self.age = age
    }
}
