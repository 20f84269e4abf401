import Contracts
import OneBot

/// A port to be tried.
struct PortOffer: Sendable {
    let appID: String
    let token: ClientToken
    let edge: EdgeAddress
    /// `nil`: the edge's system picks.
    let port: Int?
    /// How long it waits for its client.
    let expiry: Duration
}

extension RegistryState {
    /// Picks an edge and a port for a client that is yet to come, and reserves them.
    /// - Parameter failures: how often this wish has failed on each edge.
    /// - Throws: 1404 for a bot or an edge that is not known, 1503 where there is no edge or no port now.
    mutating func offer(
        _ wish: RegistryAPI.LeasePort, failures: [EdgeAddress: Int], to fresh: KnownClient, at now: Moment
    ) throws(RPC.Failure) -> PortOffer {
        if let selfID = wish.selfID, !knownBots.contains(selfID) {
            try unlessAwaiting()
            throw RPC.Failure(.notFound, "No bot \(selfID) is known. Leave out self_id, or use one that has connected.")
        }
        if let edgeID = wish.edgeID, edges.current[edgeID] == nil {
            try unlessAwaiting()
            throw RPC.Failure(.notFound, "There is no edge of that name. Leave out edge to have one chosen.")
        }
        if let refusal = refusal(of: fresh) { throw refusal }
        let ready = edges.current.values.filter { edge in
            edge.isReady && !edge.isSilent && (wish.edgeID == nil || edge.address.edgeID == wish.edgeID)
        }
        guard !ready.isEmpty else {
            throw RPC.Failure(.unavailable(.no()), "No edge takes new clients now. Try again in a second.")
        }
        let candidates = ready.map { edge in
            PortAllocator.Candidate(
                edge: edge.address, load: presence.count(at: edge.address) + ports.waiting(at: edge.address),
                taken: ports.taken(at: edge.address), failures: failures[edge.address] ?? 0)
        }
        switch allocator.choose(among: candidates, at: now.uptime) {
        case .port(let edge, let port):
            ports.put(PortLease(appID: fresh.appID, token: fresh.token, edge: edge, port: port))
            return PortOffer(appID: fresh.appID, token: fresh.token, edge: edge, port: port, expiry: portExpiry)
        case .exhausted(let unbindable):
            throw exhausted(unbindable: unbindable)
        }
    }

    /// What must be written once the edge has bound the port. Changes nothing.
    /// - Throws: 1503 where the edge went meanwhile.
    func decide(_ appID: String, bound opened: EdgeAPI.PortOpened, at now: Moment) throws(RPC.Failure) -> PortOpening {
        let until = now.uptime + portExpiry + Self.portGrace
        guard var lease = ports[appID], lease.bound(to: opened.port, until: until) else {
            throw RPC.Failure(.unavailable(.no()), "The edge went while it opened the port. Ask again.")
        }
        var opening = PortOpening(lease: lease)
        opening.saves.put(
            PortRecord(
                appID: appID, clientToken: lease.token.text, edgeID: lease.edge.edgeID, instance: lease.edge.instance,
                port: opened.port, expiresAt: now.utcMilliseconds(at: until)))
        if let stale = ports.lessee(of: opened.port, at: lease.edge), stale != appID {
            opening.saves.removePort(of: stale)
        }
        return opening
    }

    /// Notes that the port is open and waits for its client.
    mutating func open(_ opening: PortOpening) {
        if let port = opening.lease.port, let stale = ports.lessee(of: port, at: opening.lease.edge),
            stale != opening.lease.appID
        {
            // The system gave the edge a port that we thought open: its listener must have closed.
            ports.remove(stale)
            if case .leased = clients[stale]?.state { clients.remove(stale) }
        }
        ports.put(opening.lease)
        clients.put(KnownClient(appID: opening.lease.appID, token: opening.lease.token, state: .leased))
    }

    /// The edge did not say that it bound the port: it is to close what it may have opened, and the port rests.
    mutating func giveUp(_ appID: String, at now: Moment) -> RegistryEffects {
        if let lease = ports[appID], let port = lease.port { allocator.failed(port, at: lease.edge, now: now.uptime) }
        return abandon(appID, at: now)
    }

    /// The port is not wanted after all: the edge is to close it.
    mutating func abandon(_ appID: String, at now: Moment) -> RegistryEffects {
        var effects = RegistryEffects()
        guard var lease = ports[appID], lease.close(at: now.uptime) else { return effects }
        ports.put(lease)
        effects.requests.append(.closePort(lease.edge, EdgeAPI.ClosePort(port: lease.port ?? 0, appID: appID)))
        return effects
    }

    /// The edge says that it has closed a port, as it was asked to.
    mutating func closed(_ appID: String) {
        guard let lease = ports[appID], lease.isClosing else { return }
        ports.remove(appID)
    }

    /// A leased port whose client has gone is free. Its listener closes with the client; the edge is told all the same,
    /// in case the client used its token at another port.
    mutating func release(_ appID: String, _ effects: inout RegistryEffects) {
        guard let lease = ports[appID], !lease.isClosing else { return }
        ports.remove(appID)
        effects.saves.removePort(of: appID)
        guard !ports.isShared, let port = lease.port else { return }
        effects.requests.append(.closePort(lease.edge, EdgeAPI.ClosePort(port: port, appID: appID)))
    }

    /// Takes note of listeners that closed at the edge.
    mutating func close(
        _ closed: [EdgeAPI.ClosePort], at edge: EdgeAddress, now: Moment, _ effects: inout RegistryEffects
    ) {
        for port in closed {
            guard let lease = ports[port.appID], lease.edge == edge, lease.port == port.port else { continue }
            // The edge closes by itself the ports that nobody came for.
            if lease.isOverdue(at: now.uptime + Self.portGrace) { effects.lapses.ports += 1 }
            ports.remove(port.appID)
            effects.saves.removePort(of: port.appID)
            if case .leased = clients[port.appID]?.state { clients.remove(port.appID) }
        }
    }

    private func unlessAwaiting() throws(RPC.Failure) {
        if let whatIsAwaited { throw RPC.Failure(.unavailable(.no(retryAfter: .milliseconds(500))), whatIsAwaited) }
    }

    private func exhausted(unbindable: Int) -> RPC.Failure {
        guard let range = allocator.range else {
            return RPC.Failure(.unavailable(.no()), "The edge could not open a port. Try again in a second.")
        }
        let others = unbindable == 0 ? "" : " (\(unbindable) of them by other programs)"
        return RPC.Failure(
            .unavailable(.no()),
            "All \(range.count) ports of edge.port_range \(range.lowerBound)-\(range.upperBound) are in use\(others). "
                + "Widen edge.port_range, or try again when a client has left.")
    }
}

/// A port that was bound; it is promised once ``saves`` are written.
struct PortOpening: Sendable {
    let lease: PortLease
    var saves = StoreChanges()
}
