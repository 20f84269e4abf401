public import Bus
public import Contracts
public import Logging
public import OneBot

/// Carries out our own actions (``OwnAction``); every other action is the bot's. One action, one file, whichever door
/// it came through.
public struct ActionDispatcher: Sendable {
    /// The service that has this dispatcher: the `app_id` of what it publishes.
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
    /// Gets a line where work was accepted and then not done.
    public var logger: Logger?
    /// How `get_online_clients` wraps its list. Default ``OnlineClientsShape/clients``.
    public var onlineClientsShape: OnlineClientsShape = .clients

    /// - Parameters:
    ///   - service: the service that has it.
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

    /// Carries out one action. `caller` is needed where ``OwnAction/needsCaller`` says so (1401 without).
    /// - Parameters:
    ///   - clientToken: the secret of whoever asks, for those that take it (``OwnAction/Caller/token``).
    ///   - choice: which bot is meant where none is named, and which ones may be named.
    public func perform(
        _ action: OwnAction, params: JSONObject?, as caller: ActionCaller?, clientToken: String? = nil,
        for choice: BotChoice = BotChoice()
    ) async -> Response {
        let call = OwnCall(
            action, Parameters(params, of: action), by: caller, clientToken: clientToken, for: choice, using: self)
        do throws(RPC.Failure) {
            return try await action.work(call)
        } catch {
            return error.response
        }
    }
}
