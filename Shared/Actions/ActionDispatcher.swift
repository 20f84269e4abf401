public import Bus
public import Contracts
public import OneBot

/// Carries out actions of ours; every other one is the bot's. One action, one file, whichever door it came through.
public struct ActionDispatcher: Sendable {
    let registry: RegistryClient
    let edges: EdgeClient
    let presence: PresenceView
    let bus: any MessageBus
    let exchanges: Exchanges
    let bots: BotActionCaller

    public init(
        registry: RegistryClient, edges: EdgeClient, presence: PresenceView, bus: any MessageBus, exchanges: Exchanges,
        bots: BotActionCaller
    ) {
        self.registry = registry
        self.edges = edges
        self.presence = presence
        self.bus = bus
        self.exchanges = exchanges
        self.bots = bots
    }

    /// The names of our own actions.
    public enum Name: String, Sendable, CaseIterable {
        case getWSPort = "get_ws_port"
        case getOnlineClients = "get_online_clients"
        case setClientName = "set_client_name"
        case sendBroadcastData = "send_broadcast_data"
        case sendBroadcastDataCallback = "send_broadcast_data_callback"
        case setRestart = "set_restart"

        /// Whether it is done in somebody's name: over HTTP the gateway finds out whose and hands it to that client's edge.
        public var needsCaller: Bool {
            switch self {
            case .setClientName, .sendBroadcastData, .sendBroadcastDataCallback: true
            case .getWSPort, .getOnlineClients, .setRestart: false
            }
        }
    }

    /// Carries out one action. `caller` is needed where ``Name/needsCaller`` says so (1401 without).
    public func perform(_ name: Name, params: JSONObject?, as caller: ActionCaller?) async -> Response {
        fatalError("unwritten")
    }
}

/// Who carries out an action of ours.
public struct ActionCaller: Sendable {
    public var client: Client
    public var selfID: SelfID?
    /// The uuid of the most recent broadcast this client got from a client with that `app_id`.
    public var latestBroadcast: @Sendable (_ sender: String) -> String?

    public init(client: Client, selfID: SelfID?, latestBroadcast: @escaping @Sendable (String) -> String?) {
        self.client = client
        self.selfID = selfID
        self.latestBroadcast = latestBroadcast
    }
}
