import GRDB

/// A client as it is stored: only one that has something to keep, a name or a resume window.
struct ClientRecord: Sendable, Hashable, Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "client"

    var appID: String
    /// In clear, since resuming gives it out again; the file can be read by its owner only.
    var clientToken: String
    var clientName: String?
    /// Where its session is, or last was. SQLite has no unsigned numbers: the bit pattern of `session_id`.
    var edgeID: String
    var instance: String
    var sessionBits: Int64
    var resumeSeconds: Int?
    /// Once it has left: when its window ends, in milliseconds since 1970.
    var keptUntil: Int64?
    /// Since when it lives on AMQP (Unix seconds); `nil` for one with a session at an edge.
    var amqpSince: Int64?

    enum CodingKeys: String, CodingKey {
        case appID = "app_id"
        case clientToken = "client_token"
        case clientName = "client_name"
        case edgeID = "edge_id"
        case instance
        case sessionBits = "session_bits"
        case resumeSeconds = "resume_seconds"
        case keptUntil = "kept_until"
        case amqpSince = "amqp_since"
    }
}
