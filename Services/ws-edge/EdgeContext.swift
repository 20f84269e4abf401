import Actions
import Bus
import Contracts
import Listening
import Logging
import NIOCore
import OneBot
import WebSocketTransport

/// What the parts of one edge share: who we are, whom we ask, who runs work that outlives a callback. One for all of them: each session has it.
final class EdgeContext: Sendable {
    let configuration: WSEdgeConfiguration
    let address: EdgeAddress
    let bus: any MessageBus
    let requester: Requester
    let registry: RegistryClient
    let presence: PresenceView
    let dispatcher: ActionDispatcher
    let leases: LeaseKeeper
    let tasks: BackgroundTasks
    let budget: OutboundBudget
    /// Of all listeners of the edge.
    let accepting: AcceptLimits
    let inbound: InboundBudget
    let sharedPort: SharedPort
    let metrics: EdgeMetrics
    let logger: Logger

    init(
        configuration: WSEdgeConfiguration, address: EdgeAddress, bus: any MessageBus, requester: Requester,
        registry: RegistryClient, presence: PresenceView, dispatcher: ActionDispatcher, leases: LeaseKeeper,
        tasks: BackgroundTasks, metrics: EdgeMetrics, logger: Logger, inbound: InboundBudget? = nil
    ) {
        self.configuration = configuration
        self.address = address
        self.bus = bus
        self.requester = requester
        self.registry = registry
        self.presence = presence
        self.dispatcher = dispatcher
        self.leases = leases
        self.tasks = tasks
        budget = OutboundBudget(limit: configuration.outboundBudget)
        accepting = AcceptLimits(
            served: configuration.connections.served, spare: configuration.connections.spare,
            setting: "edge.max_connections", logger: logger)
        self.inbound = inbound ?? InboundBudget(limit: configuration.inboundBudget)
        sharedPort = SharedPort(configured: configuration.sharedPort)
        self.metrics = metrics
        self.logger = logger
    }

    var exchanges: Exchanges { configuration.exchanges }

    /// For connections of clients, and for a server that they share with bots that dial in.
    var clientOptions: WebSocketOptions {
        var options = WebSocketOptions()
        options.maxMessageBytes = configuration.maxMessageBytes
        options.tolerance = [.tooLarge, .notText]
        options.keptMember = "echo"
        options.inbound = inbound.room(for: .clients)
        let port =
            configuration.apiPort == 0
            ? "the port of api.port, which the log names" : "port \(configuration.apiPort) (api.port)"
        options.advice = "Connect with a WebSocket client; HTTP is spoken at \(port)."
        return options
    }

    /// The bot meant where none is named, once it is known. With bots configured it is the first of those, and no other stands
    /// in for it.
    var defaultBot: SelfID? {
        guard let bot = presence.current.defaultBot, configuration.bots.isEmpty || bot.configuredIndex == 0 else {
            return nil
        }
        return bot.selfID
    }

    /// The queue answers come back to.
    var inbox: QueueName { requester.inbox }
}
