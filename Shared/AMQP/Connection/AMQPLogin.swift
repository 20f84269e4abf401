/// How we authenticate (SASL, AMQP 0-9-1 §4.8).
enum AMQPLogin: Sendable, Hashable {
    case plain(username: String, password: String)
    /// By the certificate of the TLS connection.
    case external

    var mechanism: String {
        switch self {
        case .plain: "PLAIN"
        case .external: "EXTERNAL"
        }
    }

    var response: [UInt8] {
        switch self {
        case .plain(let username, let password): [0] + Array(username.utf8) + [0] + Array(password.utf8)
        case .external: []
        }
    }
}
