/// The latest broadcast a client got from each sender, for callbacks without a `uuid`. Bounded: the sender that was
/// silent longest is forgotten first, and a callback to it then needs the uuid.
public struct BroadcastMemory: Sendable {
    private struct Entry {
        var sender: String
        var uuid: String
        /// Rises with each broadcast.
        var turn: UInt64
    }

    private var latest: [String: Entry] = [:]
    private var turn: UInt64 = 0
    private let limit: Int

    /// - Parameter limit: how many senders are remembered. Default 1 024.
    public init(limit: Int = 1024) {
        self.limit = limit
    }

    /// Notes a broadcast that was handed to this client.
    public mutating func record(_ uuid: String, from sender: String) {
        turn += 1
        if latest[sender] == nil, latest.count >= limit, let oldest = latest.min(by: { $0.value.turn < $1.value.turn })
        {
            latest[oldest.key] = nil
        }
        latest[sender] = Entry(sender: sender, uuid: uuid, turn: turn)
    }

    /// The uuid of the most recent broadcast from the client with that `app_id`.
    public func latest(from sender: String) -> String? {
        guard let entry = latest[sender], entry.sender.hasSameBytes(as: sender) else { return nil }
        return entry.uuid
    }
}
