/// Whose services a process's bus connects.
public enum BusReach: Sendable {
    /// Its own: the process is a whole deployment, unless `bus` says otherwise.
    case process
    /// Those of other processes: what stays in one memory is of no use.
    case shared

    /// `bus` where it is not set.
    var defaultBus: BusSelection {
        switch self {
        case .process: .memory
        case .shared: .amqp
        }
    }
}
