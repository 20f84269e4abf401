import DequeModule

/// Events that wait behind a lifecycle that cannot be sent yet; bounded, the oldest goes first.
struct HeldItems {
    static let maxItems = 4_096
    static let maxBytes = 16 << 20

    private var items: Deque<HubItem> = []
    private var bytes = 0

    /// - Returns: how many items had to go.
    mutating func append(_ item: HubItem) -> Int {
        items.append(item)
        bytes += item.bytes
        var dropped = 0
        while items.count > Self.maxItems || (bytes > Self.maxBytes && items.count > 1), let oldest = items.popFirst() {
            bytes -= oldest.bytes
            dropped += 1
        }
        return dropped
    }

    /// The events that others of a group may still be given.
    var grouped: [GroupedEvent] { items.compactMap { if case .grouped(let event) = $0 { event } else { nil } } }

    mutating func takeAll() -> [HubItem] {
        defer {
            items.removeAll()
            bytes = 0
        }
        return Array(items)
    }
}
