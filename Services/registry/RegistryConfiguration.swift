public import Contracts
public import SettingsReading

/// Every setting of the registry.
public struct RegistryConfiguration: Sendable {
    /// `registry.database`: the SQLite file; its folder is created. Default `data/registry.sqlite`; `:memory:` keeps
    /// nothing over a restart.
    public var database: String
    /// `registry.lease`: an edge that says nothing for so long is gone, with all that lives there; so is a client on
    /// AMQP that does not renew. Default 15 s; at least 10 s, twice an edge's interval of renewal.
    public var lease: Duration
    /// `registry.port_expiry`: how long a leased port waits for its client (`expires_in`). Default 15 s.
    public var portExpiry: Duration
    /// `edge.port_range`: the ports to lease, on each edge. Default: none, the edge's system picks.
    public var portRange: ClosedRange<Int>?
    /// `edge.port_mode`: `leased` (a port per client) or `shared` (one port, and a token per client). Default `leased`.
    public var portMode: PortMode
    /// `amqp.prefix`.
    public var exchanges: Exchanges

    public enum PortMode: String, Sendable, CaseIterable { case leased, shared }
}

extension RegistryConfiguration {
    public init(_ settings: Settings) {
        exchanges = Exchanges(prefix: settings.string("amqp.prefix", default: "perpetua"))
        database = settings.string("registry.database", default: "data/registry.sqlite")
        lease = settings.duration("registry.lease", default: .seconds(15), in: .seconds(10)...(.seconds(600)))
        portExpiry = settings.duration(
            "registry.port_expiry", default: .seconds(15), in: .seconds(1)...(.seconds(3600)))
        portMode = settings.choice("edge.port_mode", default: .leased)
        portRange = settings.optionalString("edge.port_range").flatMap { text in
            let ends = text.split(separator: "-").map { Int($0) }
            guard ends.count == 2, let low = ends[0], let high = ends[1], 1 <= low, low <= high, high <= 65535 else {
                settings.report(
                    "edge.port_range", value: text, remedy: "Write the first and the last port, as 8100-8199.")
                return nil
            }
            return low...high
        }
        if database.isEmpty {
            settings.report("registry.database", value: "", remedy: "Name a file, or :memory: to keep nothing.")
        }
    }
}
