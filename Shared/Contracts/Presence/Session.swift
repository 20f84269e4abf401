public import Bus
public import OneBot

/// How a client is connected.
public enum ClientTransport: String, Sendable, Hashable, Codable {
    case websocket
    case reverseWebSocket = "reverse_websocket"
    case webhook
    case amqp
}

/// A client's connection as its edge describes it to the registry.
public struct SessionClaim: Sendable, Hashable, Codable {
    /// Unique within the edge instance.
    public var sessionID: UInt64
    public var role: ClientRole
    public var transport: ClientTransport
    /// The bot it is bound to; `nil` while none is known, and for `?self_id=*`.
    public var selfID: SelfID?
    /// Unix seconds.
    public var connectedAt: Int64
    /// `address:port`.
    public var remoteAddress: String
    /// The token of `?client_token=`, or of the leased port: it binds the session to a lease, or resumes an earlier
    /// session.
    public var clientToken: String?
    /// `?resume=`: how long name, token and `app_id` are to be kept after the session; `nil`: not at all.
    public var resumeSeconds: Int?
    /// A name it is to have from the start (reverse targets, webhooks).
    public var name: String?
    /// `?group=`: it shares its bot's events with the others of that group.
    public var group: String?
    /// For a member of a group that follows several bots, but not all: those bots (`?self_id=*` with a token for
    /// these).
    public var groupBots: [SelfID]?
    /// Set once the registry has granted it: then the claim only repeats what was granted.
    public var granted: SessionGrant?

    public init(
        sessionID: UInt64, role: ClientRole, transport: ClientTransport, selfID: SelfID?, connectedAt: Int64,
        remoteAddress: String, clientToken: String? = nil, resumeSeconds: Int? = nil, name: String? = nil,
        group: String? = nil, groupBots: [SelfID]? = nil, granted: SessionGrant? = nil
    ) {
        self.sessionID = sessionID
        self.role = role
        self.transport = transport
        self.selfID = selfID
        self.connectedAt = connectedAt
        self.remoteAddress = remoteAddress
        self.clientToken = clientToken
        self.resumeSeconds = resumeSeconds
        self.name = name
        self.group = group
        self.groupBots = groupBots
        self.granted = granted
    }

    enum CodingKeys: String, CodingKey {
        case sessionID = "session_id"
        case role, transport
        case selfID = "self_id"
        case connectedAt = "connected_at"
        case remoteAddress = "remote_address"
        case clientToken = "client_token"
        case resumeSeconds = "resume_seconds"
        case name, group, granted
        case groupBots = "group_bots"
    }
}

/// What the registry gives a session: who it is, and the secret that speaks for it.
public struct SessionGrant: Sendable, Hashable, Codable {
    public var appID: String
    public var clientToken: String
    public var clientName: String?

    public init(appID: String, clientToken: String, clientName: String? = nil) {
        self.appID = appID
        self.clientToken = clientToken
        self.clientName = clientName
    }

    public var client: Client { Client(appID: appID, clientName: clientName) }

    enum CodingKeys: String, CodingKey {
        case appID = "app_id"
        case clientToken = "client_token"
        case clientName = "client_name"
    }
}

/// A client that is online, as the registry publishes it. No secrets.
public struct OnlineClient: Sendable, Hashable, Codable {
    public var appID: String
    public var clientName: String?
    public var role: ClientRole
    public var transport: ClientTransport
    /// Where its session is; `nil` for a program that lives on AMQP.
    public var edge: EdgeAddress?
    /// 0 for a program that lives on AMQP.
    public var sessionID: UInt64
    public var selfID: SelfID?
    public var connectedAt: Int64
    /// Empty for a program that lives on AMQP.
    public var remoteAddress: String
    /// It shares its bot's events with the others of that group.
    public var group: String?
    /// The bots whose events it shares, where there are several, but not all.
    public var groupBots: [SelfID]?

    public init(
        appID: String, clientName: String?, role: ClientRole, transport: ClientTransport, edge: EdgeAddress?,
        sessionID: UInt64, selfID: SelfID?, connectedAt: Int64, remoteAddress: String, group: String? = nil,
        groupBots: [SelfID]? = nil
    ) {
        self.appID = appID
        self.clientName = clientName
        self.role = role
        self.transport = transport
        self.edge = edge
        self.sessionID = sessionID
        self.selfID = selfID
        self.connectedAt = connectedAt
        self.remoteAddress = remoteAddress
        self.group = group
        self.groupBots = groupBots
    }

    public var client: Client { Client(appID: appID, clientName: clientName) }

    /// Where broadcasts and callbacks for it are published to: its edge's key, or its own where it lives on AMQP.
    public var inboxKey: RoutingKey { edge?.key ?? Exchanges.clientKey(appID) }

    enum CodingKeys: String, CodingKey {
        case appID = "app_id"
        case clientName = "client_name"
        case role, transport, edge, group
        case groupBots = "group_bots"
        case sessionID = "session_id"
        case selfID = "self_id"
        case connectedAt = "connected_at"
        case remoteAddress = "remote_address"
    }
}

/// A bot as the edge that holds (or supervises) it describes it, and as the registry publishes it.
public struct OnlineBot: Sendable, Hashable, Codable {
    public var selfID: SelfID
    public var edge: EdgeAddress
    /// The epoch of its present or last link.
    public var epoch: UInt64
    /// True while its link is up.
    public var isOnline: Bool
    /// Its place in `bots[]`, 0 first; `nil` for a bot that dialled in unconfigured.
    public var configuredIndex: Int?
    /// True where Perpetua runs the bot's own program (`bots[].command`): `set_restart` restarts that.
    public var isSupervised: Bool

    public init(
        selfID: SelfID, edge: EdgeAddress, epoch: UInt64, isOnline: Bool, configuredIndex: Int?, isSupervised: Bool
    ) {
        self.selfID = selfID
        self.edge = edge
        self.epoch = epoch
        self.isOnline = isOnline
        self.configuredIndex = configuredIndex
        self.isSupervised = isSupervised
    }

    enum CodingKeys: String, CodingKey {
        case selfID = "self_id"
        case edge, epoch
        case isOnline = "online"
        case configuredIndex = "configured_index"
        case isSupervised = "supervised"
    }
}
