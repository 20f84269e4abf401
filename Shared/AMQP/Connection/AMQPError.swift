/// Why there is no connection to the broker, or why it refused something.
public enum AMQPError: Error, Sendable, Hashable {
    /// Not reached in time, or the socket could not connect.
    case cannotConnect(address: String, reason: String)
    /// The handshake ended in a refusal: credentials, virtual host, version.
    case refused(address: String, reason: String)
    /// There is no TLS connection: one side does not trust the other's certificate, or does not speak TLS.
    case untrusted(address: String, reason: String)
    /// It is a broker, but one that we cannot work with.
    case unsuitable(address: String, reason: String)
    /// The broker sent what it must not (AMQP 0-9-1 §4.2.3).
    case protocolViolation(String)
    /// The broker closed the connection.
    case closedByBroker(code: UInt16, text: String)
    /// Nothing was heard for two heartbeats, or a question got no answer in time.
    case silent(String)
    /// The socket ended.
    case connectionLost(String)
    /// We closed it.
    case closed
    /// The broker closed the channel: an answer to what we asked.
    case channelClosed(code: UInt16, text: String)
    /// The message does not fit into a frame of this connection, or a name is longer than 255 bytes (§4.2.5.3).
    case unencodable(String)
}

extension AMQPError: CustomStringConvertible {
    static let permissionRemedy =
        "Give the user of amqp.username that permission (rabbitmqctl set_permissions), or set another amqp.prefix."

    public var description: String {
        switch self {
        case .cannotConnect(let address, let reason):
            "Cannot connect to the broker at \(address): \(reason). Is it running, and is amqp.url right?"
        case .refused(let address, let reason):
            "The broker at \(address) refused us: \(reason). Compare amqp.url, amqp.username, amqp.password and the virtual host "
                + "with what the broker knows."
        case .untrusted(let address, let reason): "There is no TLS connection to the broker at \(address): \(reason)."
        case .unsuitable(let address, let reason):
            "The broker at \(address) is not to be worked with: \(reason). Perpetua needs RabbitMQ: "
                + "by its exclusive queues it is decided which edge has a bot."
        case .protocolViolation(let what): "The broker broke the protocol: \(what)."
        case .closedByBroker(let code, let text): "The broker closed the connection: \(code) \(text)."
        case .silent(let what): "The broker is silent: \(what)."
        case .connectionLost(let reason): "The connection to the broker was lost: \(reason)."
        case .closed: "The connection is closed."
        case .channelClosed(403, let text): "The broker refused it: 403 \(text). \(Self.permissionRemedy)"
        case .channelClosed(let code, let text): "The broker refused it: \(code) \(text)."
        case .unencodable(let what): "It cannot be sent over AMQP: \(what)."
        }
    }
}
