import Contracts
import OneBot

extension RegistryState {
    /// Takes over what an earlier run of the registry left: the edges it knew have one lease to report, and until then
    /// everything that lived there stays reserved.
    /// - Parameter followsAnother: another registry was at work before, perhaps with a database of its own: it may have
    ///   known edges that are not stored here, and nothing is complete before those have had the time to report.
    mutating func recover(
        _ stored: RegistryStore.Stored, followsAnother: Bool = false, at now: Moment
    ) -> RegistryEffects {
        var effects = RegistryEffects()
        if followsAnother { settlesAt = now.uptime + min(Self.settling, leases.duration) }
        for record in stored.edges {
            let edge = EdgeAddress(edgeID: record.edgeID, instance: record.instance)
            switch record.state {
            case .live:
                if let twin = edges.current[edge.edgeID] { edges.end(twin.address) }
                edges.enter(edge, isSilent: true)
                leases.grant(.edge(edge), at: now.uptime)
                effects.requests.append(.report(edge))
            case .lapsed: edges.lapse(edge)
            case .ended: edges.end(edge)
            }
        }
        knownBots = Set(stored.bots.map { SelfID($0.selfID) })
        for record in stored.clients { recover(record, at: now, &effects) }
        for record in stored.ports { recover(record, at: now, &effects) }
        return effects
    }

    private mutating func recover(_ record: ClientRecord, at now: Moment, _ effects: inout RegistryEffects) {
        guard let token = ClientToken(record.clientToken) else { return effects.saves.removeClient(record.appID) }
        let session = SessionKey(
            edge: EdgeAddress(edgeID: record.edgeID, instance: record.instance),
            sessionID: UInt64(bitPattern: record.sessionBits))
        let resume = record.resumeSeconds.map { Duration.seconds(max(0, min($0, Self.longestResume))) }
        let name = record.clientName.flatMap { try? ClientName($0) }  // a stored text that is no valid name is dropped
        var client = KnownClient(
            appID: record.appID, token: token, name: name, resume: resume, state: .awaited(session), isSaved: true)
        if let name { _ = presence.give(name, to: client.appID, inPlaceOf: nil) }
        if let since = record.amqpSince {
            recover(client, onAMQPSince: since, at: now, &effects)
        } else if let keptUntil = record.keptUntil {
            client.state = .kept(until: now.uptime + now.remaining(until: keptUntil, atMost: resume ?? .zero))
            clients.put(client)
        } else if edges[session.edge] != nil {
            clients.put(client)
        } else {
            // Its edge has ended, but that the client left with it was not written.
            _ = part(with: client, at: now, &effects)
        }
    }

    private mutating func recover(_ record: PortRecord, at now: Moment, _ effects: inout RegistryEffects) {
        let edge = EdgeAddress(edgeID: record.edgeID, instance: record.instance)
        guard let token = ClientToken(record.clientToken), edges[edge] != nil else {
            return effects.saves.removePort(of: record.appID)
        }
        var lease = PortLease(appID: record.appID, token: token, edge: edge, port: record.port)
        // Its client may be there already; the edge has one lease's time to say so.
        let left = now.remaining(until: record.expiresAt, atMost: portExpiry + Self.portGrace)
        guard lease.bound(to: record.port, until: now.uptime + max(left, leases.duration)) else { return }
        if case .awaited(let session) = clients[record.appID]?.state { _ = lease.connect(session) }
        ports.put(lease)
        if clients[record.appID] == nil {
            clients.put(KnownClient(appID: record.appID, token: token, state: .leased))
        }
    }
}
