import Contracts

/// Picks the edge with the fewest clients and a free port on it, not one that has just failed to bind. Ports are taken
/// in turn, so that one given back rests as long as there are others.
struct PortAllocator: Sendable {
    /// `nil`: the edge's system picks.
    let range: ClosedRange<Int>?
    private var lastGiven: [EdgeAddress: Int] = [:]
    private var failed: [EdgeAddress: [Int: Duration]] = [:]

    /// How long a port that could not be bound is left alone.
    static let rest = Duration.seconds(30)
    /// How often one wish may fail on one edge where its system picks the port.
    static let unrangedTries = 2

    init(range: ClosedRange<Int>?) {
        self.range = range
    }

    struct Candidate: Sendable {
        var edge: EdgeAddress
        /// Clients there, and ports that wait for one.
        var load: Int
        var taken: Set<Int>
        /// How often this wish has failed there.
        var failures = 0
    }

    enum Choice: Sendable, Hashable {
        case port(EdgeAddress, Int?)
        /// There is no free port on any of them; so many of their ports could not be bound.
        case exhausted(unbindable: Int)
    }

    mutating func choose(among candidates: [Candidate], at now: Duration) -> Choice {
        let order = candidates.sorted {
            ($0.failures, $0.load, $0.edge.edgeID) < ($1.failures, $1.load, $1.edge.edgeID)
        }
        var unbindable = 0
        for candidate in order {
            guard let range else {
                if candidate.failures < Self.unrangedTries { return .port(candidate.edge, nil) }
                unbindable += 1
                continue
            }
            failed[candidate.edge] = failed[candidate.edge]?.filter { $0.value > now }
            let resting = failed[candidate.edge] ?? [:]
            let start = lastGiven[candidate.edge].map { $0 >= range.upperBound ? range.lowerBound : $0 + 1 }
            let first = max(range.lowerBound, start ?? range.lowerBound)
            let ports = [first...range.upperBound, range.lowerBound...first].lazy.joined()
            if let port = ports.first(where: { !candidate.taken.contains($0) && resting[$0] == nil }) {
                lastGiven[candidate.edge] = port
                return .port(candidate.edge, port)
            }
            unbindable += resting.keys.count { !candidate.taken.contains($0) }
        }
        return .exhausted(unbindable: unbindable)
    }

    /// The edge could not bind it.
    mutating func failed(_ port: Int, at edge: EdgeAddress, now: Duration) {
        failed[edge, default: [:]][port] = now + Self.rest
    }

    mutating func forget(_ edge: EdgeAddress) {
        lastGiven[edge] = nil
        failed[edge] = nil
    }
}
