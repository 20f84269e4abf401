import NIOCore

/// The message ids seen last: a repeat is told from a first.
struct RecentIDs {
    private let limit: Int
    private var known: Set<String> = []
    private var order: CircularBuffer<String> = CircularBuffer()

    init(limit: Int) { self.limit = limit }

    /// - Returns: false where the id was seen before.
    mutating func insert(_ id: String) -> Bool {
        guard known.insert(id).inserted else { return false }
        order.append(id)
        if order.count > limit, let oldest = order.popFirst() { known.remove(oldest) }
        return true
    }
}
