import Actions
import SettingsReading

/// How far a client may be behind, and what happens beyond that.
struct OutboundConfiguration: Sendable {
    /// `edge.slow_client`: `close` (1013) or `drop_oldest`. Default `close`.
    var slowClient: SlowClient
    /// `edge.outbound_bytes`, `edge.outbound_age`: how far one client may be behind. Default 64 MiB, 30 s.
    var limits: OutboundLimits
    /// `edge.outbound_budget`: bytes that all clients together may be behind. Default 1 GiB.
    var budget: Int

    enum SlowClient: String, Sendable, CaseIterable {
        case close
        case dropOldest = "drop_oldest"
    }

    init(_ settings: Settings) {
        slowClient = settings.choice("edge.slow_client", default: .close)
        limits = OutboundLimits(settings)
        budget = settings.bytes("edge.outbound_budget", default: 1 << 30, in: 1 << 20...256 << 30)
    }
}
