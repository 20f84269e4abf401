/// How a process's limit of open files is shared out, so that a crowd at one door leaves the other doors, the database
/// and the broker enough to work.
public struct DescriptorShares: Sendable, Hashable {
    /// All there are.
    public let limit: Int
    /// For the process itself: standard streams, threads, database, broker, listeners.
    let own: Int

    /// - Parameter loops: threads for sockets; each needs four.
    public init(limit: Int = OpenFiles.limit, loops: Int) {
        self.limit = limit
        own = 24 + 4 * loops
    }

    /// Connections to the HTTP API, or for health checks alone.
    public var http: Int { min(4_096, max(8, limit / 8)) }

    /// Beyond those an edge serves: for bots that dial in, and for clients as long as it takes to send them away.
    public var spare: Int { min(1_024, max(8, limit / 16)) }

    /// Connections an edge serves.
    /// - Parameter dialled: what it needs for those it dials itself.
    public func served(besides dialled: Int) -> Int { max(8, limit - own - http - spare - dialled) }
}
