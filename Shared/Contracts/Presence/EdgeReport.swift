/// What an edge tells the registry on `perpetua.presence`, key `report.{edge_id}.{instance}`.
public struct EdgeReport: Sendable, Codable {
    public enum Kind: String, Sendable, Codable {
        /// The edge has started, or was asked for a full report: `sessions` and `bots` are complete.
        case full
        /// Only what changed: `joined`/`left` sessions, changed bots. Also renews.
        case change
        /// Nothing changed: renews the lease of everything that lives here.
        case renew
        /// The edge ends in good order; all that lived there is gone.
        case down
    }

    public var kind: Kind
    public var edge: EdgeAddress
    /// From 1, without holes, per instance: a jump makes the registry ask for a full report.
    public var sequence: UInt64
    /// False while draining: no new ports are leased here.
    public var isReady: Bool
    /// In `full`: every session; in `change`: those whose bot became known after they were registered.
    public var sessions: [SessionClaim]
    /// In `change`: sessions that went.
    public var left: [UInt64]
    /// In `full`: every bot; in `change`: those that changed.
    public var bots: [OnlineBot]
    /// In `change`: leased ports whose listener is closed, each with the client it was for: the port may be leased to
    /// another by now.
    public var closedPorts: [EdgeAPI.ClosePort]
    /// How many sessions with a grant live here after this report: a lasting difference makes the registry ask for a
    /// full one.
    public var sessionCount: Int

    public init(
        kind: Kind, edge: EdgeAddress, sequence: UInt64, isReady: Bool, sessions: [SessionClaim] = [],
        left: [UInt64] = [], bots: [OnlineBot] = [], closedPorts: [EdgeAPI.ClosePort] = [], sessionCount: Int
    ) {
        self.kind = kind
        self.edge = edge
        self.sequence = sequence
        self.isReady = isReady
        self.sessions = sessions
        self.left = left
        self.bots = bots
        self.closedPorts = closedPorts
        self.sessionCount = sessionCount
    }

    enum CodingKeys: String, CodingKey {
        case kind, edge, sequence, sessions, left, bots
        case isReady = "ready"
        case closedPorts = "closed_ports"
        case sessionCount = "session_count"
    }
}
