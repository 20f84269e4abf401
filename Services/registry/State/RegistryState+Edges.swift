import Contracts
import OneBot

extension RegistryState {
    /// Whether what that edge says counts, and what follows from hearing of it: a new run ends the one before it at
    /// once.
    /// - Returns: `nil` where the edge has ended, or its address cannot be one.
    mutating func hear(from edge: EdgeAddress, at now: Moment) -> RegistryEffects? {
        guard Exchanges.isWord(edge.edgeID), Exchanges.isWord(edge.instance) else { return nil }
        var effects = RegistryEffects()
        switch edges.sighting(of: edge) {
        case .ended:
            return nil
        case .known:
            _ = leases.renew(.edge(edge), at: now.uptime)
            if !presence.edges.contains(edge) { announce(edge, &effects) }
            return effects
        case .new(let replaced):
            if let replaced { effects.append(end(replaced, .ended, at: now)) }
            if let lapsed = edges.lapsedRun(of: edge.edgeID), lapsed != edge {
                effects.saves.put(lapsed, .ended, at: now)
            }
            edges.enter(edge, isSilent: settlesAt != nil)
            leases.grant(.edge(edge), at: now.uptime)
            effects.saves.put(edge, .live, at: now)
            announce(edge, &effects)
            return effects
        }
    }

    private mutating func announce(_ edge: EdgeAddress, _ effects: inout RegistryEffects) {
        presence.enter(edge)
        effects.changes.append(presence.change(.edgeUp, edge))
    }

    /// Ends an edge with all that lives there: sessions, bots and ports, in one change.
    mutating func end(_ edge: EdgeAddress, _ state: EdgeRecord.State, at now: Moment) -> RegistryEffects {
        var effects = RegistryEffects()
        for lease in ports.leases(at: edge) {
            ports.remove(lease.appID)
            effects.saves.removePort(of: lease.appID)
            if case .leased = clients[lease.appID]?.state { clients.remove(lease.appID) }
        }
        var gone: [OnlineClient] = []
        for client in clients.clients(at: edge) {
            if let online = part(with: client, at: now, &effects) { gone.append(online) }
        }
        allocator.forget(edge)
        leases.end(.edge(edge))
        let bots = presence.loseBots(at: edge)
        presence.remove(edge)
        if state == .lapsed { edges.lapse(edge) } else { edges.end(edge) }
        effects.saves.put(edge, state, at: now)
        effects.changes.append(presence.change(.edgeDown, edge, clients: gone, bots: bots))
        return effects
    }

    /// A session is over: its client is gone, or kept if it asked for it. Its port is free.
    /// - Returns: the client as others knew it, if it was online.
    mutating func part(with client: KnownClient, at now: Moment, _ effects: inout RegistryEffects) -> OnlineClient? {
        release(client.appID, &effects)
        let online = presence.leave(client.appID)
        if let resume = client.resume {
            var kept = client
            kept.state = .kept(until: now.uptime + resume)
            effects.saves.put(record(of: kept, last: client.session, at: now))
            kept.isSaved = true
            clients.put(kept)
        } else {
            clients.remove(client.appID)
            if let name = client.name { presence.release(name, of: client.appID) }
            if client.isSaved { effects.saves.removeClient(client.appID) }
        }
        return online
    }

    /// A client as it is stored. `last` is the session it has, or had.
    func record(of client: KnownClient, last: SessionKey?, at now: Moment) -> ClientRecord {
        var keptUntil: Int64?
        var amqpSince: Int64?
        switch client.state {
        case .kept(let until): keptUntil = now.utcMilliseconds(at: until)
        case .amqp(let since): amqpSince = since
        case .leased, .online, .awaited: break
        }
        return ClientRecord(
            appID: client.appID, clientToken: client.token.text, clientName: client.name?.text,
            edgeID: last?.edge.edgeID ?? "", instance: last?.edge.instance ?? "",
            sessionBits: Int64(bitPattern: last?.sessionID ?? 0),
            resumeSeconds: client.resume.map { Int($0 / .seconds(1)) }, keptUntil: keptUntil, amqpSince: amqpSince)
    }
}
