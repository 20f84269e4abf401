import Actions
public import Contracts
import Listening
import NIOCore
public import SettingsReading

/// Every setting of the edge: those of its parts, which each of them reads, and those of the whole.
public struct WSEdgeConfiguration: Sendable {
    /// `edge.id`: this edge's name, `[A-Za-z0-9_-]{1,48}`. Default `edge`; in a deployment with several edges each
    /// needs its own.
    public var edgeID: String
    /// `amqp.prefix`.
    public var exchanges: Exchanges
    /// `edge.event_loops`: threads for sockets. Default 0: 1 up to 2 cores, else half the cores.
    public var eventLoops: Int
    /// `edge.max_connections`: connections of clients and leased ports at once; more are answered 503. Default 0: what
    /// the process's limit of open files leaves; it never is more than that.
    var maxConnections: Int
    /// `client_status_delay`: how long a client has to be there before others are told that it came. Default 1 s.
    var clientStatusDelay: Duration
    /// `api.online_clients_shape`: how `get_online_clients` wraps its list, here as over HTTP. Default `clients`.
    var onlineClientsShape: OnlineClientsShape
    public var sockets: SocketConfiguration
    public var ports: PortsConfiguration
    public var bots: BotsConfiguration
    var door: DoorConfiguration
    var sessions: SessionConfiguration
    var targets: TargetsConfiguration

    /// - Parameters:
    ///   - edgeID: `edge.id` where it is not set.
    ///   - messageLimit: the largest message, as the process has derived it; `nil`: what `max_message_size` says alone.
    public init(_ settings: Settings, edgeID fallback: String = "edge", messageLimit: Int? = nil) {
        exchanges = Exchanges(prefix: settings.string("amqp.prefix", default: "perpetua"))
        edgeID = settings.string("edge.id", default: fallback)
        if !Exchanges.isWord(edgeID) {
            settings.report("edge.id", value: edgeID, remedy: "Use 1 to 48 letters, digits, _ or -.")
        }
        eventLoops = settings.int("edge.event_loops", default: 0, in: 0...256)
        maxConnections = settings.int("edge.max_connections", default: 0, in: 0...1_048_576)
        clientStatusDelay = settings.duration(
            "client_status_delay", default: .seconds(1), in: .zero...(.seconds(60)))
        onlineClientsShape = settings.choice("api.online_clients_shape", default: .clients)
        sockets = SocketConfiguration(settings, messageLimit: messageLimit)
        ports = PortsConfiguration(settings)
        bots = BotsConfiguration(settings)
        door = DoorConfiguration(settings, policy: sockets.doorPolicy)
        sessions = SessionConfiguration(
            settings, maxMessageBytes: sockets.maxMessageBytes, patience: bots.patience)
        targets = TargetsConfiguration(settings)
    }

    /// How many connections its listeners may hold, and how many more for a while.
    var connections: (served: Int, spare: Int) {
        let loops = eventLoops > 0 ? eventLoops : max(1, System.coreCount / 2)
        let shares = DescriptorShares(loops: loops)
        // Each takes two sockets, or the pipes of a program, and as much again for the time in which one takes
        // another's place.
        let most = shares.served(besides: 4 * (bots.entries.count + targets.count))
        return (maxConnections > 0 ? min(maxConnections, most) : most, shares.spare)
    }
}

/// Everything that Perpetua reaches by itself.
struct TargetsConfiguration: Sendable {
    /// `reverse_websockets[]`.
    var reverseWebSockets: [ReverseWebSocketConfiguration]
    /// `webhooks[]`.
    var webhooks: [WebhookConfiguration]

    init(_ settings: Settings) {
        reverseWebSockets = settings.entries("reverse_websockets").map {
            ReverseWebSocketConfiguration(settings, entry: $0)
        }
        webhooks = settings.entries("webhooks").map { WebhookConfiguration(settings, entry: $0) }
        nameTargets(settings)
    }

    var count: Int { reverseWebSockets.count + webhooks.count }

    /// Reverse WebSockets and webhooks share one space of names, as they do with all clients.
    private mutating func nameTargets(_ settings: Settings) {
        TargetConfiguration.reportTwins(reverseWebSockets.map { ($0.claimName, $0.target) }, settings)
        TargetConfiguration.reportTwins(webhooks.map { ($0.claimName, $0.target) }, settings)
        let named = TargetConfiguration.withDistinctNames(
            reverseWebSockets.map(\.target) + webhooks.map(\.target), settings)
        for index in reverseWebSockets.indices { reverseWebSockets[index].target = named[index] }
        for index in webhooks.indices { webhooks[index].target = named[reverseWebSockets.count + index] }
    }
}
