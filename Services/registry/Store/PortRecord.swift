import GRDB

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
