import GRDB

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
