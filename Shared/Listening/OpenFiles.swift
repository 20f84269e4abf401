#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How many descriptors, sockets above all, the process may have open at once.
public enum OpenFiles {
    /// More is of no use. And with a limit of a thousand million, which some container engines set, a child program
    /// that closes every descriptor it may have inherited takes long to start.
    static let most: UInt64 = 1 << 20

    /// The limit in force (`ulimit -n`).
    public static var limit: Int { Int(clamping: read().rlim_cur) }

    /// Raises it as far as this process may.
    /// - Returns: what it was, and what it is.
    public static func raiseLimit() -> (from: Int, to: Int) {
        var limits = read()
        let before = limits.rlim_cur
        limits.rlim_cur = max(before, min(limits.rlim_max, rlim_t(most)))
        guard limits.rlim_cur > before, setrlimit(kind, &limits) == 0 else {
            return (Int(clamping: before), Int(clamping: before))
        }
        return (Int(clamping: before), Int(clamping: limits.rlim_cur))
    }

    private static func read() -> rlimit {
        var limits = rlimit()
        // It cannot fail: there is such a limit, and `limits` is ours.
        _ = getrlimit(kind, &limits)
        return limits
    }

    #if canImport(Glibc)
        private static let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let kind = RLIMIT_NOFILE
    #endif
}

/// How a process's limit of open files is divided, so that many connections at one door leave the other doors, the
/// database and the broker enough to work.
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

    /// For connections to the HTTP API, or to health checks where there is no API.
    public var http: Int { min(4_096, max(8, limit / 8)) }

    /// Beyond the connections an edge serves: for bots that dial in, and for clients that are being refused.
    public var spare: Int { min(1_024, max(8, limit / 16)) }

    /// Connections an edge serves.
    /// - Parameter dialled: what the edge needs for connections it opens itself.
    public func served(besides dialled: Int) -> Int { max(8, limit - own - http - spare - dialled) }
}
