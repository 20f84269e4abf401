import Contracts

/// The leased ports. A port of an edge is leased to one client at a time, except in shared mode, where all leases are
/// of one port and only the token tells them apart.
struct PortTable: Sendable {
    private var leases: [String: PortLease] = [:]
    private var taken: [EdgeAddress: [Int: String]] = [:]
    let isShared: Bool

    init(isShared: Bool) {
        self.isShared = isShared
    }

    subscript(appID: String) -> PortLease? { leases[appID] }

    func taken(at edge: EdgeAddress) -> Set<Int> { Set((taken[edge] ?? [:]).keys) }

    /// Leases at that edge whose client has not come yet.
    func waiting(at edge: EdgeAddress) -> Int {
        leases.values.count { lease in
            switch lease.state {
            case .binding, .open: lease.edge == edge
            case .connected, .closing: false
            }
        }
    }

    func leases(at edge: EdgeAddress) -> [PortLease] {
        leases.values.filter { $0.edge == edge }.sorted { $0.appID < $1.appID }
    }

    func lessee(of port: Int, at edge: EdgeAddress) -> String? { taken[edge]?[port] }

    /// Enters a lease, or replaces what is known of it.
    mutating func put(_ lease: PortLease) {
        remove(lease.appID)
        leases[lease.appID] = lease
        if let port = lease.port, !isShared { taken[lease.edge, default: [:]][port] = lease.appID }
    }

    /// Ends a lease: its port is free again.
    @discardableResult
    mutating func remove(_ appID: String) -> PortLease? {
        guard let lease = leases.removeValue(forKey: appID) else { return nil }
        if let port = lease.port, taken[lease.edge]?[port] == appID {
            taken[lease.edge]?[port] = nil
            if taken[lease.edge]?.isEmpty == true { taken[lease.edge] = nil }
        }
        return lease
    }

    /// The leases nobody came for, and those whose edge is to be asked again to close them: all are closing now.
    mutating func expire(at now: Duration) -> [(lease: PortLease, isNew: Bool)] {
        var due: [(lease: PortLease, isNew: Bool)] = []
        for var lease in leases.values where lease.isOverdue(at: now) || lease.isClosing {
            let isNew = !lease.isClosing
            guard lease.close(at: now) else { continue }
            leases[lease.appID] = lease
            due.append((lease, isNew))
        }
        return due.sorted { $0.lease.appID < $1.lease.appID }
    }
}
