import Actions
import Contracts
import Logging
import Observability
import OneBot
import SettingsReading

/// What a client may do, and for how long.
struct SessionConfiguration: Sendable {
    /// `edge.max_unanswered`: actions of one client without an answer before the edge stops reading it. Default 256.
    var maxUnanswered: Int
    /// `heartbeat_interval`: between heartbeats to clients; 0: none. Default 5 s.
    var heartbeatInterval: Duration
    /// `edge.slow_client`, `edge.outbound_…`.
    var outbound: OutboundConfiguration
    /// The largest message.
    let maxMessageBytes: Int
    /// How long an action may take.
    let patience: ActionPatience

    init(_ settings: Settings, maxMessageBytes: Int, patience: ActionPatience) {
        self.maxMessageBytes = maxMessageBytes
        self.patience = patience
        outbound = OutboundConfiguration(settings)
        maxUnanswered = settings.int("edge.max_unanswered", default: 256, in: 1...65536)
        heartbeatInterval = settings.duration(
            "heartbeat_interval", default: .seconds(5), in: .zero...ClientChoices.intervals.upperBound)
        ClientChoices.check(heartbeatInterval, "heartbeat_interval", settings)
    }
}

/// What the actions of an edge's clients need on their way.
final class ActionServices: Sendable {
    let configuration: SessionConfiguration
    let address: EdgeAddress
    let calls: BotCalls
    let dispatcher: ActionDispatcher
    let presence: PresenceView
    let tasks: BackgroundTasks
    let metrics: EdgeMetrics
    /// Whether each action is logged.
    let isTracing: Bool

    init(
        configuration: SessionConfiguration, address: EdgeAddress, calls: BotCalls, dispatcher: ActionDispatcher,
        presence: PresenceView, tasks: BackgroundTasks, metrics: EdgeMetrics, isTracing: Bool
    ) {
        self.configuration = configuration
        self.address = address
        self.calls = calls
        self.dispatcher = dispatcher
        self.presence = presence
        self.tasks = tasks
        self.metrics = metrics
        self.isTracing = isTracing
    }
}

/// What the sessions of an edge share. One for all of them.
final class SessionServices: Sendable {
    let configuration: SessionConfiguration
    let address: EdgeAddress
    let registration: Registration
    let leases: LeaseKeeper
    let actions: ActionServices
    let budget: OutboundBudget
    let metrics: EdgeMetrics
    let logger: Logger

    init(
        configuration: SessionConfiguration, registration: Registration, calls: BotCalls, dispatcher: ActionDispatcher,
        presence: PresenceView, budget: OutboundBudget, metrics: EdgeMetrics, logger: Logger
    ) {
        self.configuration = configuration
        self.registration = registration
        self.budget = budget
        self.metrics = metrics
        self.logger = logger
        address = registration.address
        leases = registration.leases
        actions = ActionServices(
            configuration: configuration, address: registration.address, calls: calls, dispatcher: dispatcher,
            presence: presence, tasks: registration.tasks, metrics: metrics, isTracing: logger.logLevel <= .trace)
    }

    /// The logger for what concerns one client.
    func logger(of claim: SessionClaim, token: String?, appID: String?, remoteAddress: String) -> Logger {
        var logger: Logger = logger
        // A target may be dialled in vain for days; whoever dials it logs what there is to know.
        if claim.transport == .reverseWebSocket, logger.logLevel == .info { logger.logLevel = .notice }
        logger[metadataKey: LogKeys.sessionID] = "\(claim.sessionID)"
        logger[metadataKey: LogKeys.remoteAddress] = "\(remoteAddress)"
        if let token { logger[metadataKey: LogKeys.tokenName] = "\(token)" }
        if let appID { logger[metadataKey: LogKeys.appID] = "\(appID)" }
        return logger
    }
}
