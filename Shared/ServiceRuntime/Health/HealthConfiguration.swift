import SettingsReading

/// Where a process without an API of its own answers health checks.
struct HealthConfiguration: Sendable {
    /// `health.host`: the address it listens on. Default `127.0.0.1`; in a container `0.0.0.0`.
    let host: String
    /// `health.port`: where it listens. Default 8081; 0: the system picks one.
    let port: Int

    init(_ settings: Settings) {
        host = settings.string("health.host", default: "127.0.0.1")
        port = settings.int("health.port", default: 8081, in: 0...65535)
    }
}
