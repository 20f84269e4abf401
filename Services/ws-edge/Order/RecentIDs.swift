/// The message ids seen last, at least `limit` and at most twice as many, so that a repeat is recognised.
///
/// It keeps not the ids but 128 bits made of each, by a hash that differs from process to process. An id that was never
/// there is taken for a repeat once in 10³³, and to forget an id, no text has to be fetched from memory that is long
/// cold.
struct RecentIDs {
    private struct Fingerprint: Hashable {
        let first: Int
        let second: Int

        init(of id: String, from asker: String) {
            var hasher = Hasher()
            Self.feed(asker, to: &hasher)
            Self.feed(id, to: &hasher)
            var longer = hasher
            longer.combine(UInt8(0))
            first = hasher.finalize()
            second = longer.finalize()
        }

        /// By its bytes: what merely looks alike is another id.
        private static func feed(_ text: String, to hasher: inout Hasher) {
            var text = text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
            hasher.combine(UInt8(0xFF))
        }

        func hash(into hasher: inout Hasher) { hasher.combine(first) }
    }

    private let limit: Int
    private var recent: Set<Fingerprint> = []
    /// Those before, `limit` of them.
    private var older: Set<Fingerprint> = []

    init(limit: Int) { self.limit = limit }

    /// - Parameter asker: whose id it is, where several askers may use the same ids.
    /// - Returns: false where the id was seen before.
    mutating func insert(_ id: String, from asker: String = "") -> Bool {
        let fingerprint = Fingerprint(of: id, from: asker)
        guard !older.contains(fingerprint), recent.insert(fingerprint).inserted else { return false }
        if recent.count >= limit {
            swap(&recent, &older)
            recent.removeAll(keepingCapacity: true)
        }
        return true
    }

    /// Forgets an id, so that it may come again.
    mutating func forget(_ id: String, from asker: String = "") {
        let fingerprint = Fingerprint(of: id, from: asker)
        if recent.remove(fingerprint) == nil { older.remove(fingerprint) }
    }
}
