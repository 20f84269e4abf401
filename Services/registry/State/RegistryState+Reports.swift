import Contracts
import OneBot

extension RegistryState {
    /// Takes what an edge reports. `fresh` makes a new client for a session that was not registered yet. It is given
    /// the state in which that client has to be new, because it cannot read the one that is being changed here.
    /// - Returns: `nil` where the edge has ended: its reports no longer count.
    mutating func take(
        _ report: EdgeReport, fresh: (RegistryState) -> KnownClient, at now: Moment
    ) -> RegistryEffects? {
        let edge = report.edge
        if report.kind == .down {
            switch edges.sighting(of: edge) {
            case .known: return end(edge, .ended, at: now)
            case .ended, .new: return nil
            }
        }
        guard var effects = hear(from: edge, at: now), var known = edges[edge] else { return nil }
        let order = known.take(sequence: report.sequence, isFull: report.kind == .full)
        if order != .repeated { known.isReady = report.isReady }
        edges[edge] = known
        if order == .repeated { return effects }

        switch report.kind {
        case .full: takeAll(report, fresh, at: now, &effects)
        case .change: takeChange(report, fresh, at: now, &effects)
        case .renew, .down: break
        }

        guard var heard = edges[edge] else { return effects }
        let isWrong = heard.isCountWrong(reported: report.sessionCount, known: presence.count(at: edge))
        if order == .jump || isWrong || heard.isSilent, heard.mayAskForReport(at: now.uptime) {
            effects.requests.append(.report(edge))
        }
        edges[edge] = heard
        return effects
    }

    /// Takes a full report: a session that is not in it has left.
    private mutating func takeAll(
        _ report: EdgeReport, _ fresh: (RegistryState) -> KnownClient, at now: Moment, _ effects: inout RegistryEffects
    ) {
        let edge = report.edge
        let reported = Set(report.sessions.map(\.sessionID))
        if var known = edges[edge] {
            known.isSilent = false
            known.keep(only: reported)
            edges[edge] = known
        }
        close(report.closedPorts, at: edge, now: now, &effects)
        let missing = clients.clients(at: edge).filter { client in
            client.session.map { !reported.contains($0.sessionID) } ?? false
        }
        // A session that was registered just now may have overtaken the report; the next report tells.
        let doubtful = missing.filter { client in
            client.admittedAt.map { now.uptime - $0 < Self.overtaking } ?? false
        }
        if !doubtful.isEmpty { edges[edge]?.ask(at: now.uptime + Self.overtaking) }
        let young = Set(doubtful.map(\.appID))
        leave(missing.filter { !young.contains($0.appID) }, at: edge, now: now, &effects)
        join(report.sessions, at: edge, fresh, now: now, &effects)
        let lost = presence.loseBots(at: edge, keeping: Set(report.bots.map(\.selfID)))
        update(report.bots, at: edge, lost: lost, &effects)
    }

    private mutating func takeChange(
        _ report: EdgeReport, _ fresh: (RegistryState) -> KnownClient, at now: Moment, _ effects: inout RegistryEffects
    ) {
        let edge = report.edge
        var gone: [KnownClient] = []
        for session in report.left {
            edges[edge]?.depart(session)
            if let client = clients.client(of: SessionKey(edge: edge, sessionID: session)) { gone.append(client) }
        }
        close(report.closedPorts, at: edge, now: now, &effects)
        leave(gone, at: edge, now: now, &effects)
        join(report.sessions, at: edge, fresh, now: now, &effects)
        update(report.bots, at: edge, lost: [], &effects)
    }

    private mutating func leave(
        _ gone: [KnownClient], at edge: EdgeAddress, now: Moment, _ effects: inout RegistryEffects
    ) {
        var offline: [OnlineClient] = []
        for client in gone {
            if let online = part(with: client, at: now, &effects) { offline.append(online) }
        }
        if !offline.isEmpty { effects.changes.append(presence.change(.clientOffline, edge, clients: offline)) }
    }

    private mutating func join(
        _ claims: [SessionClaim], at edge: EdgeAddress, _ fresh: (RegistryState) -> KnownClient, now: Moment,
        _ effects: inout RegistryEffects
    ) {
        for claim in claims {
            switch decide(claim, at: edge, fresh: fresh(self), now: now) {
            case .admitted(let admission):
                effects.saves.merge(admission.saves)
                effects.append(admit(admission, at: now))
            case .repeated(let client):
                rebind(client, claim, &effects)
            case .refused:
                edges[edge]?.refuse(claim.sessionID)
            case .superseded(let failure):
                edges[edge]?.refuse(claim.sessionID)
                effects.requests.append(.disconnect(edge, session: claim.sessionID, reason: failure.message))
            }
        }
    }

    /// A session that was bound to no bot may be bound to one later.
    private mutating func rebind(_ client: KnownClient, _ claim: SessionClaim, _ effects: inout RegistryEffects) {
        guard var online = presence.clients[client.appID], online.selfID != claim.selfID || online.role != claim.role
        else { return }
        online.selfID = claim.selfID
        online.role = claim.role
        presence.join(online)
        effects.changes.append(presence.change(.clientOnline, online.edge, clients: [online]))
    }

    private mutating func update(
        _ bots: [OnlineBot], at edge: EdgeAddress, lost: [OnlineBot], _ effects: inout RegistryEffects
    ) {
        var online: [OnlineBot] = []
        var offline = lost
        for var bot in bots {
            bot.edge = edge
            knownBots.insert(bot.selfID)
            guard let changed = presence.update(bot) else { continue }
            effects.saves.put(
                BotRecord(
                    selfID: bot.selfID.number, epochBits: Int64(bitPattern: bot.epoch),
                    configuredIndex: bot.configuredIndex))
            if changed.isOnline { online.append(changed) } else { offline.append(changed) }
        }
        if !offline.isEmpty { effects.changes.append(presence.change(.botOffline, edge, bots: offline)) }
        if !online.isEmpty { effects.changes.append(presence.change(.botOnline, edge, bots: online)) }
    }
}
