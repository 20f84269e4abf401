/// How the connection to the broker is: for health checks, and for whoever has to say everything again after an outage.
public enum BusStatus: Sendable, Hashable {
    case connected
    /// The broker takes nothing now (a memory or disk alarm, in its words); deliveries go on.
    case blocked(String)
    /// Why, in a sentence. It is being connected again, for ever.
    case disconnected(String)

    /// Why nothing can be published now; `nil` where it can.
    public var obstacle: String? {
        switch self {
        case .connected: nil
        case .blocked(let reason): "The broker takes no messages now: \(reason)."
        case .disconnected(let reason): "There is no connection to the broker: \(reason)"
        }
    }
}
