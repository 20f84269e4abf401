import Actions
import Contracts
import Logging
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

/// Whom the sessions of an edge ask, and what they share.
final class SessionServices: Sendable {
    let configuration: SessionConfiguration
    let address: EdgeAddress
    let registration: Registration
    let leases: LeaseKeeper
    let calls: BotCalls
    let dispatcher: ActionDispatcher
    let presence: PresenceView
    let tasks: BackgroundTasks
    let budget: OutboundBudget
    let metrics: EdgeMetrics
    let logger: Logger

    init(
        configuration: SessionConfiguration, address: EdgeAddress, registration: Registration, leases: LeaseKeeper,
        calls: BotCalls, dispatcher: ActionDispatcher, presence: PresenceView, tasks: BackgroundTasks,
        budget: OutboundBudget, metrics: EdgeMetrics, logger: Logger
    ) {
        self.configuration = configuration
        self.address = address
        self.registration = registration
        self.leases = leases
        self.calls = calls
        self.dispatcher = dispatcher
        self.presence = presence
        self.tasks = tasks
        self.budget = budget
        self.metrics = metrics
        self.logger = logger
    }
}
