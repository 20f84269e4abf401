import Contracts

/// Who holds a lease: an edge, for all that lives there, or a client that lives on AMQP.
enum LeaseHolder: Sendable, Hashable, CustomStringConvertible {
    case edge(EdgeAddress)
    /// By its `app_id`.
    case client(String)

    var description: String {
        switch self {
        case .edge(let edge): "edge \(edge)"
        case .client(let appID): "client \(appID)"
        }
    }
}
