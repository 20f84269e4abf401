/// A table with a bound: what was not used for longest is forgotten.
///
/// Two generations, so that no list has to be kept in order: what is used moves to the young one; when that is half of the bound, it becomes
/// the old one, and what is still in that is forgotten.
struct RecentTable<Key: Hashable, Value> {
    private let half: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    /// - Parameter limit: at least 2.
    init(limit: Int) { half = limit / 2 }

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
        guard young.count >= half else { return }
        old = young
        young = [:]
    }
}
