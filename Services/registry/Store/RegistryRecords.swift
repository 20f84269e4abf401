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

/// The last epoch a bot's link had, so that an edge that claims an older one is not believed, also after a restart.
struct BotRecord: Sendable, Hashable, Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "bot"

    var selfID: Int64
    /// SQLite has no unsigned numbers: the bit pattern.
    var epochBits: Int64
    /// Its place in `bots[]`.
    var configuredIndex: Int?

    enum CodingKeys: String, CodingKey {
        case selfID = "self_id"
        case epochBits = "epoch_bits"
        case configuredIndex = "configured_index"
    }
}

/// One run of an edge as it is stored, so that a registry that starts knows whom to wait for, and whom not to believe
/// any more.
struct EdgeRecord: Sendable, Hashable, Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "edge"

    enum State: String, Sendable, Codable, DatabaseValueConvertible {
        case live
        /// Silent for a lease; it may come back.
        case lapsed
        /// Stopped, or replaced by a later run; it may not.
        case ended
    }

    var edgeID: String
    var instance: String
    var state: State
    /// Milliseconds since 1970.
    var changedAt: Int64

    enum CodingKeys: String, CodingKey {
        case edgeID = "edge_id"
        case instance, state
        case changedAt = "changed_at"
    }
}

/// A leased port as it is stored, from before its lessee hears of it until its listener is closed.
struct PortRecord: Sendable, Hashable, Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "port"

    var appID: String
    var clientToken: String
    var edgeID: String
    var instance: String
    var port: Int
    /// When it is given up if nobody has come, in milliseconds since 1970.
    var expiresAt: Int64

    enum CodingKeys: String, CodingKey {
        case appID = "app_id"
        case clientToken = "client_token"
        case edgeID = "edge_id"
        case instance, port
        case expiresAt = "expires_at"
    }
}
