/// A table that remembers the keys used last: at least `limit` of them, and never twice as many.
///
/// Two generations, so that no list has to be kept in order: what is used moves to the young one; when that is full, it
/// becomes the old one, and what is still in that is forgotten.
struct RecentTable<Key: Hashable, Value> {
    private let limit: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    /// - Parameter limit: how many are remembered in any case; at least 1.
    init(limit: Int) { self.limit = limit }

    var count: Int { young.count + old.count }

    mutating func use(_ key: Key) -> Value? {
        if let value = young[key] { return value }
        guard let value = old[key] else { return nil }
        set(value, for: key)
        return value
    }

    mutating func set(_ value: Value, for key: Key) {
        old[key] = nil
        young[key] = value
        guard young.count >= limit else { return }
        old = young
        young = [:]
    }
}
