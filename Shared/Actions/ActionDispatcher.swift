public import Bus
public import Contracts
public import Logging
public import OneBot

/// Carries out actions of ours; every other one is the bot's. One action, one file, whichever door it came through.
public struct ActionDispatcher: Sendable {
    /// Whose dispatcher it is: the `app_id` of what it publishes.
    let service: ServiceName
    let registry: RegistryClient
    let edges: EdgeClient
    let presence: PresenceView
    let bus: any MessageBus
    let exchanges: Exchanges
    let bots: BotActionCaller
    /// Runs what outlives the answer (a delayed restart) in a task that somebody owns.
    let spawn: @Sendable (@escaping @Sendable () async -> Void) -> Void
    let pendingRestarts = PendingRestarts()
    let botTroubles = BotTroubles()
    let position: PositionQuestion
    /// How a delay is waited for; tests put a clock of their own here.
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// How long one publish may take until its targets count as not reached.
    var publishDeadline: Duration = .seconds(10)
    /// Where it is said what was not done after all.
    public var logger: Logger?
    /// How `get_online_clients` wraps its list. Default ``OnlineClientsShape/clients``.
    public var onlineClientsShape: OnlineClientsShape = .clients

    /// - Parameters:
    ///   - service: whose it is.
    ///   - spawn: runs a piece of work in a task group of the service: ``BackgroundTasks/spawn(_:)``, for one.
    public init(
        of service: ServiceName, registry: RegistryClient, edges: EdgeClient, presence: PresenceView,
        bus: any MessageBus, exchanges: Exchanges, bots: BotActionCaller,
        spawn: @escaping @Sendable (@escaping @Sendable () async -> Void) -> Void
    ) {
        self.service = service
        self.registry = registry
        position = PositionQuestion(registry)
        self.edges = edges
        self.presence = presence
        self.bus = bus
        self.exchanges = exchanges
        self.bots = bots
        self.spawn = spawn
    }

    /// The names of our own actions.
    public enum Name: String, Sendable, CaseIterable {
        case getWSPort = "get_ws_port"
        case getOnlineClients = "get_online_clients"
        case setClientName = "set_client_name"
        case sendBroadcastData = "send_broadcast_data"
        case sendBroadcastDataCallback = "send_broadcast_data_callback"
        case setRestart = "set_restart"

        /// The action of ours that is meant. OneBot's suffixes change nothing: ours are answered when they are done, which is soon.
        public init?(called action: String) {
            guard let name = Self.byName[ActionName(action).plain] else { return nil }
            self = name
        }

        private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

        /// Whether it is done in somebody's name: over HTTP the gateway finds out whose and hands it to that client's
        /// edge.
        public var needsCaller: Bool {
            switch self {
            case .setClientName, .sendBroadcastData, .sendBroadcastDataCallback: true
            case .getWSPort, .getOnlineClients, .setRestart: false
            }
        }
    }

    /// Carries out one action. `caller` is needed where ``Name/needsCaller`` says so (1401 without).
    /// - Parameter choice: which bot is meant where none is named, and what may be named.
    public func perform(
        _ name: Name, params: JSONObject?, as caller: ActionCaller?, for choice: BotChoice = BotChoice()
    ) async -> Response {
        let params = Parameters(params, of: name)
        do throws(RPC.Failure) {
            switch name {
            case .getWSPort:
                return try await GetWSPort(params).perform(for: choice, using: self)
            case .getOnlineClients:
                return try await GetOnlineClients(shape: onlineClientsShape).perform(registry: registry)
            case .setClientName:
                return try await SetClientName(params).perform(as: Self.known(caller, for: name), registry: registry)
            case .sendBroadcastData:
                return try await SendBroadcastData(params).perform(as: Self.known(caller, for: name), using: self)
            case .sendBroadcastDataCallback:
                return try await SendBroadcastDataCallback(params).perform(
                    as: Self.known(caller, for: name), using: self)
            case .setRestart:
                return try await SetRestart(params).perform(for: choice, using: self)
            }
        } catch {
            return error.response
        }
    }

    private static func known(_ caller: ActionCaller?, for action: Name) throws(RPC.Failure) -> ActionCaller {
        guard let caller else {
            throw RPC.Failure(
                .unauthorized,
                "\(action.rawValue): nobody knows which client is calling. Call it over that client's own connection, "
                    + "or send its client_token.")
        }
        return caller
    }
}
