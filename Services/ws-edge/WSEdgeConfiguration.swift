public import Actions
public import Contracts
import Listening
import NIOCore
public import OneBot
public import SettingsReading

/// Every setting of the edge.
public struct WSEdgeConfiguration: Sendable {
    /// `edge.id`: this edge's name, `[A-Za-z0-9_-]{1,48}`. Default `edge`; in a deployment with several edges each needs its own.
    public var edgeID: String
    /// `edge.host`: the address listeners bind. Default `127.0.0.1`.
    public var host: String
    /// `edge.shared_port`: the port for any number of clients and for bots that dial in. Default 6700; 0: the system picks one.
    public var sharedPort: Int
    /// `api.port`: here only to say where HTTP is spoken. Default 8080.
    public var apiPort: Int
    /// `edge.port_mode`: `leased` (a port per client) or `shared` (the shared port and a `client_token`). Default `leased`.
    public var portMode: PortMode
    /// `edge.public_host`: how clients reach this edge from outside. Default: `edge.host`, or `127.0.0.1` where that is a wildcard.
    public var publicHost: String?
    /// `edge.public_ports`: the outside's port for each of ours, `8100-8199=9100-9199 6700=80`. Default: the same.
    public var publicPorts: [String]
    /// `edge.slow_client`: `close` (1013) or `drop_oldest`. Default `close`.
    public var slowClient: SlowClient
    /// `edge.outbound_bytes`: how far a client may be behind. Default 64 MiB.
    public var outboundBytes: Int
    /// `edge.outbound_age`: how long a client may be behind. Default 30 s.
    public var outboundAge: Duration
    /// `edge.outbound_budget`: bytes that all clients together may be behind. Default 1 GiB.
    public var outboundBudget: Int
    /// `edge.event_loops`: threads for sockets. Default 0: 1 up to 2 cores, else half the cores.
    public var eventLoops: Int
    /// `edge.max_unanswered`: actions of one client without an answer before the edge stops reading it. Default 256.
    public var maxUnanswered: Int
    /// `edge.max_connections`: connections of clients and leased ports at once; more are answered 503. Default 0: what
    /// the process's limit of open files leaves; it never is more than that.
    public var maxConnections: Int
    /// `edge.drain_time`: how long a stopping edge waits for answers and close frames. Default 5 s.
    public var drainTime: Duration
    /// `edge.inbound_budget`: bytes of messages that are still arriving, of all connections of the process. Default 256
    /// MiB.
    public var inboundBudget: Int
    /// `max_message_size`: the largest WebSocket message, both ways. Default 64 MiB; over a broker what
    /// `amqp.max_message_size` says.
    public var maxMessageBytes: Int
    /// `heartbeat_interval`: between heartbeats to clients; 0: none. Default 5 s.
    public var heartbeatInterval: Duration
    /// `client_status_delay`: how long a client has to be there before others are told that it came. Default 1 s.
    public var clientStatusDelay: Duration
    /// `client.*`, and `client_status`: who hears of clients coming and going: `all`, `self` or `none`. Default: every event as the bot sent it;
    /// `all`, which above 1 000 clients must be asked for.
    var choices: ClientChoices
    /// `access_token`, `tokens[]`: what clients must show, and what each token is for (`AccessTokens`). They follow the settings when these
    /// are read again.
    public var tokens: Reloadable<AccessTokens>
    /// `tokens[].post_types` and the other choices of a client, for those who show that token. They follow the settings as the tokens do.
    var tokenChoices: Reloadable<TokenChoices>
    /// `allowed_origins`, `allowed_hosts`: which web pages may come in where no token is asked for (`DoorPolicy`).
    public var doorPolicy: DoorPolicy
    /// `bot_listener.access_token`: the secret bots that dial in must show. Default: none. It follows the settings as well.
    public var botListenerToken: Reloadable<AccessToken?>
    /// `bots[]`.
    public var bots: [BotConfiguration]
    /// `reverse_websockets[]`.
    public var reverseWebSockets: [ReverseWebSocketConfiguration]
    /// `webhooks[]`.
    public var webhooks: [WebhookConfiguration]
    /// `action_timeout`, `action_timeouts`.
    public var timeouts: ActionTimeouts
    /// `pacing.*`.
    public var pacing: PacingConfiguration
    /// `breaker.*`.
    public var breaker: BreakerConfiguration
    /// `api.online_clients_shape`: how `get_online_clients` wraps its list, here as over HTTP. Default `clients`.
    public var onlineClientsShape: OnlineClientsShape
    /// `amqp.prefix`.
    public var exchanges: Exchanges

    public enum PortMode: String, Sendable, CaseIterable { case leased, shared }
    public enum SlowClient: String, Sendable, CaseIterable {
        case close
        case dropOldest = "drop_oldest"
    }
    public enum ClientStatusAudience: String, Sendable, CaseIterable {
        case all
        case own = "self"
        case none
    }
}

/// One bot that Perpetua dials, or whose program it runs.
public struct BotConfiguration: Sendable {
    /// `bots[].url`: where its OneBot WebSocket server listens (`ws://` or `wss://`). Default: none, it dials in.
    public var url: String?
    /// `bots[].api_url`: with `event_url` in place of `url`, the bot's address for actions. Default: none.
    public var apiURL: String?
    /// `bots[].event_url`: its address for events. Default: none.
    public var eventURL: String?
    /// `bots[].access_token`. Default: none.
    public var accessToken: String?
    /// `bots[].self_id`: its account, if it is to be known before it is first connected. Default: learnt.
    public var selfID: Int64?
    /// `bots[].command`: program and arguments to run and supervise. Default: none.
    public var command: [String]
    /// `bots[].directory`: where the program runs. Default: ours.
    public var directory: String?
}

extension WSEdgeConfiguration {
    /// What its listeners may hold, and beyond it for a while.
    var connections: (served: Int, spare: Int) {
        let loops = eventLoops > 0 ? eventLoops : max(1, System.coreCount / 2)
        let shares = DescriptorShares(loops: loops)
        // Two sockets each, or the pipes of a program; and as much for the time in which one takes another's place.
        let most = shares.served(besides: 4 * (bots.count + reverseWebSockets.count + webhooks.count))
        return (maxConnections > 0 ? min(maxConnections, most) : most, shares.spare)
    }

    var patience: ActionPatience { ActionPatience(timeouts: timeouts, pacing: pacing) }

    /// - Parameters:
    ///   - edgeID: `edge.id` where it is not set.
    ///   - messageLimit: the largest message, as the process has derived it; `nil`: what `max_message_size` says alone.
    public init(_ settings: Settings, edgeID fallback: String = "edge", messageLimit: Int? = nil) {
        exchanges = Exchanges(prefix: settings.string("amqp.prefix", default: "perpetua"))
        edgeID = settings.string("edge.id", default: fallback)
        if !Exchanges.isWord(edgeID) {
            settings.report("edge.id", value: edgeID, remedy: "Use 1 to 48 letters, digits, _ or -.")
        }
        host = settings.string("edge.host", default: "127.0.0.1")
        sharedPort = settings.int("edge.shared_port", default: 6700, in: 0...65535)
        apiPort = settings.int("api.port", default: 8080, in: 0...65535)
        portMode = settings.choice("edge.port_mode", default: .leased)
        publicHost = settings.optionalString("edge.public_host")
        publicPorts = settings.strings("edge.public_ports", default: [])
        for text in publicPorts where PublicAddresses.Mapping(text) == nil {
            settings.report(
                "edge.public_ports", value: text,
                remedy: "Write ours=outside, single ports or ranges of one length, as 8100-8199=9100-9199 or 6700=80.")
        }
        slowClient = settings.choice("edge.slow_client", default: .close)
        let limits = OutboundLimits(settings)
        (outboundBytes, outboundAge) = (limits.bytes, limits.age)
        outboundBudget = settings.bytes("edge.outbound_budget", default: 1 << 30, in: 1 << 20...256 << 30)
        eventLoops = settings.int("edge.event_loops", default: 0, in: 0...256)
        maxUnanswered = settings.int("edge.max_unanswered", default: 256, in: 1...65536)
        maxConnections = settings.int("edge.max_connections", default: 0, in: 0...1_048_576)
        drainTime = settings.duration("edge.drain_time", default: .seconds(5), in: .zero...(.seconds(600)))
        inboundBudget = settings.bytes("edge.inbound_budget", default: 256 << 20, in: 1 << 20...64 << 30)
        maxMessageBytes =
            messageLimit ?? settings.bytes("max_message_size", following: 64 << 20, in: 64 << 10...256 << 20)
        heartbeatInterval = settings.duration(
            "heartbeat_interval", default: .seconds(5), in: .zero...ClientChoices.intervals.upperBound)
        ClientChoices.check(heartbeatInterval, "heartbeat_interval", settings)
        clientStatusDelay = settings.duration(
            "client_status_delay", default: .seconds(1), in: .zero...(.seconds(60)))
        choices = ClientChoices(settings, prefix: "client")
        // Before the tokens, so that a new one is never there without them.
        tokenChoices = TokenChoices.following(settings, over: choices)
        tokens = AccessTokens.following(settings)
        doorPolicy = DoorPolicy(settings)
        botListenerToken = BotListener.token(following: settings)
        timeouts = ActionTimeouts(settings)
        pacing = PacingConfiguration(settings)
        breaker = BreakerConfiguration(settings)
        onlineClientsShape = settings.choice("api.online_clients_shape", default: .clients)
        bots = settings.entries("bots").map { BotConfiguration(settings, entry: $0) }
        reverseWebSockets = settings.entries("reverse_websockets").map {
            ReverseWebSocketConfiguration(settings, entry: $0)
        }
        webhooks = settings.entries("webhooks").map { WebhookConfiguration(settings, entry: $0) }
        nameTargets(settings)
    }
}

extension WSEdgeConfiguration {
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

extension BotConfiguration {
    init(_ settings: Settings, entry: String) {
        url = settings.optionalString("\(entry).url")
        apiURL = settings.optionalString("\(entry).api_url")
        eventURL = settings.optionalString("\(entry).event_url")
        accessToken = settings.secret("\(entry).access_token")
        selfID = settings.optionalInt("\(entry).self_id", in: 1...Int.max).map(Int64.init)
        command = settings.strings("\(entry).command", default: [])
        directory = settings.optionalString("\(entry).directory")
        for (key, url) in [("url", url), ("api_url", apiURL), ("event_url", eventURL)] {
            if let url, !url.hasPrefix("ws://"), !url.hasPrefix("wss://") {
                settings.report(
                    "\(entry).\(key)", value: url,
                    remedy: "Write the bot's WebSocket address, as ws://127.0.0.1:3001/.")
            }
        }
        if (apiURL == nil) != (eventURL == nil) || (url != nil && apiURL != nil) {
            settings.report(
                entry, value: "{}", remedy: "Give it a url, or both an api_url and an event_url, and not all three.")
        } else if addresses.isEmpty, command.isEmpty {
            settings.report(
                entry, value: "{}",
                remedy: "Give it a url to dial, or a command to run; a bot that dials in needs no entry.")
        }
    }
}
