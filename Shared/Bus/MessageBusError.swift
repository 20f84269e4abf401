/// What can go wrong between us and the bus.
public enum MessageBusError: Error, Sendable, Hashable {
    /// Another connection holds that exclusive queue.
    case locked(QueueName)
    /// The queue exists with other properties.
    case differs(QueueName)
    case noSuchQueue(QueueName)
    case noSuchExchange(String)
    /// A request found no queue: nobody is there to answer.
    case unroutable(RoutingKey)
    case rejected(String)
    /// No answer within the time given; the request may have been carried out.
    case timedOut(RoutingKey)
    /// Not connected, or the broker takes no messages now: it was not sent.
    case unreachable(String)
    /// The connection went while we waited; the request may have been carried out.
    case disconnected
    /// The bus was closed by us.
    case closed
}

extension MessageBusError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .locked(let queue): "The queue \(queue) is held by another connection."
        case .differs(let queue):
            "The queue \(queue) exists with other properties. Delete it, or set another amqp.prefix."
        case .noSuchQueue(let queue): "There is no queue \(queue)."
        case .noSuchExchange(let exchange): "There is no exchange \(exchange)."
        case .unroutable(let key): "Nobody answers at \(key)."
        case .rejected(let reason): "The bus refused it: \(reason)."
        case .timedOut(let key): "No answer from \(key) in time; it may have been carried out."
        case .unreachable(let reason): "The bus takes nothing now: \(reason)"
        case .disconnected: "The connection to the bus is down; what was asked may have been carried out."
        case .closed: "The bus is closed."
        }
    }
}
