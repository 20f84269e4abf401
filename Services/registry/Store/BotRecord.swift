import GRDB

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
