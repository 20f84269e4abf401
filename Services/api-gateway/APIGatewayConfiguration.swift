public import Actions
public import Contracts
public import SettingsReading

/// Every setting of the gateway.
public struct APIGatewayConfiguration: Sendable {
    /// `api.host`: the address it listens on. Default `127.0.0.1`; in a container `0.0.0.0`.
    public var host: String
    /// `api.port`: where it listens. Default 8080; 0: the system picks one.
    public var port: Int
    /// `access_token`, `tokens[]`: what callers must show, and what each token is for (`AccessTokens`); clients show
    /// the same to the edge. They follow the settings when these are read again.
    public var tokens: Reloadable<AccessTokens>
    /// `allowed_origins`, `allowed_hosts`: which web pages may come in without a token, and read answers
    /// (`DoorPolicy`).
    public var doorPolicy: DoorPolicy
    /// `api.open_discovery`: `GET get_ws_port` and `GET get_online_clients` need no token. Default false; true for the
    /// original's Java client, which never sends one there.
    public var opensDiscovery: Bool
    /// `api.online_clients_shape`: `clients` (an object with that member) or `array` (bare). Default `clients`.
    public var onlineClientsShape: OnlineClientsShape
    /// `api.failed_status`: `by_retcode`, or `200` for actions that failed with 429, 502, 503 or 504. Default
    /// `by_retcode`.
    public var failedStatus: FailedStatus
    /// `api.require_client_token`: only a `client_token` says who is calling, neither `app_id` nor address. Default
    /// false.
    public var requiresClientToken: Bool
    /// `api.identify_by_address`: a caller is taken for the only client at its address even where it is not on
    /// loopback, or comes through a proxy. Default false; true where each container holds one client.
    public var identifiesByAddress: Bool
    /// `api.max_body_size`: the largest request body. Default: `max_message_size`, beyond which nothing could be passed
    /// on.
    public var maxBodyBytes: Int
    /// `edge.inbound_budget`: bodies that are still arriving count against it, as messages do.
    public var inboundBudget: Int
    /// `api.drain_time`: how long a stopping gateway waits for what is in flight. Default 5 s.
    public var drainTime: Duration
    /// `edge.shared_port`, `edge.public_host`: needed here only to say where the WebSocket is. Defaults: 6700, and the
    /// host name by which the caller reached us.
    public var sharedPort: Int
    public var publicHost: String?
    /// `action_timeout`, `action_timeouts`.
    public var timeouts: ActionTimeouts
    /// `pacing.*`: here only to know how long an action may wait for its turn.
    public var pacing: PacingConfiguration
    /// `edge.outbound_bytes`, `edge.outbound_age`: how far a caller that is answered in parts may fall behind.
    public var outbound: OutboundLimits
    /// `amqp.prefix`.
    public var exchanges: Exchanges

    /// Whether there is any token now.
    public var asksForToken: Bool { !tokens.value.isEmpty }

    /// - Parameter messageLimit: the largest message, as the process has derived it; `nil`: what `max_message_size`
    ///   says alone.
    public init(_ settings: Settings, messageLimit: Int? = nil) {
        exchanges = Exchanges(prefix: settings.string("amqp.prefix", default: "perpetua"))
        host = settings.string("api.host", default: "127.0.0.1")
        port = settings.int("api.port", default: 8080, in: 0...65535)
        tokens = AccessTokens.following(settings)
        doorPolicy = DoorPolicy(settings)
        opensDiscovery = settings.bool("api.open_discovery", default: false)
        onlineClientsShape = settings.choice("api.online_clients_shape", default: .clients)
        failedStatus = settings.choice("api.failed_status", default: .byRetcode)
        requiresClientToken = settings.bool("api.require_client_token", default: false)
        identifiesByAddress = settings.bool("api.identify_by_address", default: false)
        let messageLimit =
            messageLimit ?? settings.bytes("max_message_size", following: 64 << 20, in: 64 << 10...256 << 20)
        maxBodyBytes = settings.bytes("api.max_body_size", following: messageLimit, in: 1 << 10...256 << 20)
        if maxBodyBytes > messageLimit {
            settings.report(
                "api.max_body_size", value: "\(maxBodyBytes)",
                remedy:
                    "No message holds more than max_message_size (\(messageLimit)), so a larger body reaches nobody. "
                    + "Raise that, or lower this.")
        }
        inboundBudget = settings.bytes("edge.inbound_budget", default: 256 << 20, in: 1 << 20...64 << 30)
        drainTime = settings.duration("api.drain_time", default: .seconds(5), in: .zero...(.seconds(600)))
        sharedPort = settings.int("edge.shared_port", default: 6700, in: 0...65535)
        publicHost = settings.optionalString("edge.public_host")
        timeouts = ActionTimeouts(settings)
        pacing = PacingConfiguration(settings)
        outbound = OutboundLimits(settings)
    }

    var patience: ActionPatience { ActionPatience(timeouts: timeouts, pacing: pacing) }
}
