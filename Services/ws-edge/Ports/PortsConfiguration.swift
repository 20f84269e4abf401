import SettingsReading

/// Which ports clients come to, and how the outside reaches them.
public struct PortsConfiguration: Sendable {
    /// `edge.shared_port`: the port for any number of clients and for bots that dial in. Default 6700; 0: the system
    /// picks one.
    public var sharedPort: Int
    /// `edge.port_mode`: `leased` (a port per client) or `shared` (the shared port and a `client_token`). Default
    /// `leased`.
    var mode: Mode
    /// `edge.public_host`: how clients reach this edge from outside. Default: `edge.host`, or `127.0.0.1` where that
    /// is a wildcard.
    public var publicHost: String?
    /// `edge.public_ports`: the outside's port for each of ours, `8100-8199=9100-9199 6700=80`. Default: the same.
    var publicPorts: [String]

    enum Mode: String, Sendable, CaseIterable { case leased, shared }

    init(_ settings: Settings) {
        sharedPort = settings.int("edge.shared_port", default: 6700, in: 0...65535)
        mode = settings.choice("edge.port_mode", default: .leased)
        publicHost = settings.optionalString("edge.public_host")
        publicPorts = settings.strings("edge.public_ports", default: [])
        for text in publicPorts where PublicAddresses.Mapping(text) == nil {
            settings.report(
                "edge.public_ports", value: text,
                remedy: "Write ours=outside, single ports or ranges of one length, as 8100-8199=9100-9199 or 6700=80.")
        }
    }
}
