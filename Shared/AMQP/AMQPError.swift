/// Why there is no connection to the broker, or why it refused something.
public enum AMQPError: Error, Sendable, Hashable {
    /// The connection is not there (any more), for that reason.
    case disconnected(String)
}
