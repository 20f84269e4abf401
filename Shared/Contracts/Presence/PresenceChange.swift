public import Bus

/// What the registry publishes on `perpetua.presence`; the routing key is the kind.
public struct PresenceChange: Sendable, Codable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        case clientOnline = "client.online"
        case clientOffline = "client.offline"
        case clientRenamed = "client.renamed"
        case edgeUp = "edge.up"
        /// `clients` and `bots` are what went with it, in one batch.
        case edgeDown = "edge.down"
        case botOnline = "bot.online"
        case botOffline = "bot.offline"

        public var key: RoutingKey { RoutingKey(rawValue) }
    }

    /// The patterns a replica's queue is bound with: every kind of change, but not the edges' reports.
    public static let patterns: [BindingPattern] = ["client.*", "edge.*", "bot.*"]

    public var kind: Kind
    /// Higher with every registry that takes over; changes of a lower one are ignored.
    public var registryEpoch: UInt64
    /// From 1 within an epoch, without holes: on a jump a replica asks for a snapshot.
    public var sequence: UInt64
    /// Where it happened; `nil` for programs that live on AMQP.
    public var edge: EdgeAddress?
    public var clients: [OnlineClient]
    public var bots: [OnlineBot]

    public init(
        kind: Kind, registryEpoch: UInt64, sequence: UInt64, edge: EdgeAddress?,
        clients: [OnlineClient] = [], bots: [OnlineBot] = []
    ) {
        self.kind = kind
        self.registryEpoch = registryEpoch
        self.sequence = sequence
        self.edge = edge
        self.clients = clients
        self.bots = bots
    }

    enum CodingKeys: String, CodingKey {
        case kind, sequence, edge, clients, bots
        case registryEpoch = "registry_epoch"
    }
}

/// Everything the registry knows to be online, at one moment.
public struct PresenceSnapshot: Sendable, Codable {
    public var registryEpoch: UInt64
    /// The last change this holds.
    public var sequence: UInt64
    public var edges: [EdgeAddress]
    public var clients: [OnlineClient]
    public var bots: [OnlineBot]

    public init(
        registryEpoch: UInt64, sequence: UInt64, edges: [EdgeAddress], clients: [OnlineClient], bots: [OnlineBot]
    ) {
        self.registryEpoch = registryEpoch
        self.sequence = sequence
        self.edges = edges
        self.clients = clients
        self.bots = bots
    }

    enum CodingKeys: String, CodingKey {
        case sequence, edges, clients, bots
        case registryEpoch = "registry_epoch"
    }
}
