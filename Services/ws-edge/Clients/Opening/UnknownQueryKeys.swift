/// The keys of clients' queries that nobody knows. Each is logged once: a client that comes back every second would
/// fill the log, and so would one that makes up keys.
struct UnknownQueryKeys {
    /// How many different keys are logged at most.
    static let limit = 64
    private static let longest = 64

    private var told: Set<String> = []

    /// The keys that are to be logged now, cut where they are long.
    mutating func news(in keys: [String]) -> [String] {
        keys.map { String($0.prefix(Self.longest)) }.filter { told.count < Self.limit && told.insert($0).inserted }
    }
}
