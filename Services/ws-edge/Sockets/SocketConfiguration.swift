import Actions
import SettingsReading
import WebSocketTransport

/// The settings of every socket of an edge, whoever is at its other end.
public struct SocketConfiguration: Sendable {
    /// `edge.host`: the address listeners bind. Default `127.0.0.1`.
    public var host: String
    /// `api.port`: needed here only to say where HTTP is spoken. Default 8080.
    var apiPort: Int
    /// `edge.drain_time`: how long a stopping edge waits for answers and close frames. Default 5 s.
    var drainTime: Duration
    /// `edge.inbound_budget`: bytes of messages that are still arriving, of all connections of the process. Default 256
    /// MiB.
    public var inboundBudget: Int
    /// `max_message_size`: the largest WebSocket message, both ways. Default 64 MiB; over a broker what
    /// `amqp.max_message_size` says.
    var maxMessageBytes: Int
    /// `allowed_origins`, `allowed_hosts`: which web pages may come in where no token is asked for (`DoorPolicy`).
    var doorPolicy: DoorPolicy

    /// - Parameter messageLimit: the largest message, as the process has derived it; `nil`: what `max_message_size`
    ///   says alone.
    init(_ settings: Settings, messageLimit: Int?) {
        host = settings.string("edge.host", default: "127.0.0.1")
        apiPort = settings.int("api.port", default: 8080, in: 0...65535)
        drainTime = settings.duration("edge.drain_time", default: .seconds(5), in: .zero...(.seconds(600)))
        inboundBudget = settings.bytes("edge.inbound_budget", default: 256 << 20, in: 1 << 20...64 << 30)
        maxMessageBytes =
            messageLimit ?? settings.bytes("max_message_size", following: 64 << 20, in: 64 << 10...256 << 20)
        doorPolicy = DoorPolicy(settings)
    }

    /// The options of connections to bots.
    var botOptions: WebSocketOptions {
        var options = WebSocketOptions()
        options.maxMessageBytes = maxMessageBytes
        options.keptMember = "echo"
        return options
    }

    /// For connections of clients, and for a server that they share with bots that dial in.
    func clientOptions(_ inbound: InboundBudget) -> WebSocketOptions {
        var options = WebSocketOptions()
        options.maxMessageBytes = maxMessageBytes
        options.tolerance = [.tooLarge, .notText]
        options.keptMember = "echo"
        options.inbound = inbound.room(for: .clients)
        let port =
            apiPort == 0 ? "the port of api.port, which the log names" : "port \(apiPort) (api.port)"
        options.advice = "Connect with a WebSocket client; HTTP is spoken at \(port)."
        return options
    }
}
