import Contracts
import OneBot

extension RegistryState {
    /// Whether a session may come in, and as whom. Changes nothing.
    /// - Parameter fresh: who it becomes if it presents nothing.
    func decide(_ claim: SessionClaim, at edge: EdgeAddress, fresh: KnownClient, now: Moment) -> AdmissionVerdict {
        let session = SessionKey(edge: edge, sessionID: claim.sessionID)
        guard let known = edges[edge] else {
            return .refused(
                RPC.Failure(.unavailable(.no()), "This run of the edge \(edge.edgeID) has ended or was replaced."))
        }
        if known.hasDeparted(claim.sessionID) {
            return .refused(RPC.Failure(.notFound, "That session has already left."))
        }
        if known.superseded.contains(claim.sessionID) {
            return .superseded(RPC.Failure(.conflict, "Another connection of this client took its place."))
        }
        if let client = clients.client(of: session), case .online = client.state { return .repeated(client) }
        var admission: Admission
        switch identity(claim, session, fresh) {
        case .failure(let refusal):
            return refusal.isSuperseded ? .superseded(refusal.failure) : .refused(refusal.failure)
        case .success(let found): admission = found
        }
        if let wish = claim.name, admission.client.name?.text.utf8.elementsEqual(wish.utf8) != true {
            switch checked(wish, for: admission.client.appID) {
            case .success(let name): admission.client.name = name
            case .failure(let failure): return .refused(failure)
            }
        }
        if let loser = admission.unnames {
            if loser.hasSomethingToKeep {
                admission.saves.put(record(of: loser, last: loser.session, at: now))
            } else {
                admission.saves.removeClient(loser.appID)
            }
        }
        admission.client.state = .online(session)
        admission.client.admittedAt = now.uptime
        admission.client.resume = claim.resumeSeconds.flatMap { $0 > 0 ? .seconds(min($0, Self.longestResume)) : nil }
        if admission.client.hasSomethingToKeep {
            admission.saves.put(record(of: admission.client, last: session, at: now))
            admission.client.isSaved = true
        } else if admission.client.isSaved {
            admission.saves.removeClient(admission.client.appID)
            admission.client.isSaved = false
        }
        return .admitted(admission)
    }

    mutating func admit(_ admission: Admission, at now: Moment) -> RegistryEffects {
        var effects = RegistryEffects()
        let appID = admission.client.appID
        if let old = admission.replaces {
            if let offline = presence.leave(appID) {
                effects.changes.append(presence.change(.clientOffline, old.edge, clients: [offline]))
            }
            edges[old.edge]?.supersede(old.sessionID)
            effects.requests.append(
                .disconnect(
                    old.edge, session: old.sessionID, reason: "another connection of this client took its place"))
        }
        if var lease = ports[appID] {
            if lease.connect(admission.session) {
                ports.put(lease)
            } else {
                // The port was for the session whose place this one takes.
                release(appID, &effects)
            }
        }
        if let loser = admission.unnames, let name = admission.client.name {
            presence.release(name, of: loser.appID)
            clients.put(loser)
            if let online = presence.clients[loser.appID] {
                effects.changes.append(presence.change(.clientRenamed, online.edge, clients: [online]))
            }
        }
        let old = clients[appID]?.name
        clients.put(admission.client)
        presence.join(admission.online)
        if let name = admission.client.name { _ = presence.give(name, to: appID, inPlaceOf: old) }
        edges[admission.session.edge]?.take(admission.session.sessionID)
        effects.changes.append(presence.change(.clientOnline, admission.session.edge, clients: [admission.online]))
        return effects
    }

    /// Whether somebody has that `app_id`, or that token, already.
    func isTaken(_ fresh: KnownClient) -> Bool {
        clients[fresh.appID] != nil || clients.holder(of: fresh.token) != nil || presence.clients[fresh.appID] != nil
            || ports[fresh.appID] != nil
    }

    /// Refuses a new client whose `app_id` or token somebody has already, wherever they came from.
    func refusal(of fresh: KnownClient) -> RPC.Failure? {
        guard isTaken(fresh) else { return nil }
        return RPC.Failure(
            .unavailable(.no()), "The registry found no identity that is free. Try again; if that lasts, start it anew."
        )
    }

    private struct Refusal: Error {
        let failure: RPC.Failure
        var isSuperseded = false
    }

    /// Who the session is: the client it was granted to be before, the holder of the token it presents, or somebody
    /// new.
    private func identity(
        _ claim: SessionClaim, _ session: SessionKey, _ fresh: KnownClient
    ) -> Result<Admission, Refusal> {
        if let client = clients.client(of: session) {
            // It was registered just before the registry started again.
            return .success(Admission(session: session, claim: claim, client: client))
        }
        if let granted = claim.granted { return grantedBefore(granted, claim, session) }
        guard let presented = claim.clientToken, !presented.isEmpty else {
            if let refusal = refusal(of: fresh) { return .failure(Refusal(failure: refusal)) }
            return .success(Admission(session: session, claim: claim, client: fresh))
        }
        guard let client = ClientToken(presented).flatMap({ clients.holder(of: $0) }) else {
            return .failure(
                Refusal(
                    failure: RPC.Failure(
                        .unauthorized,
                        "That client_token is unknown or has expired. Ask get_ws_port for a new one, or connect without."
                    )))
        }
        switch client.state {
        case .kept, .leased:
            return .success(Admission(session: session, claim: claim, client: client))
        case .online(let other), .awaited(let other):
            if client.resume == nil, ports[client.appID] != nil {
                return .failure(
                    Refusal(
                        failure: RPC.Failure(
                            .conflict,
                            "The client of that client_token is connected already, and a leased port is for one.")))
            }
            return .success(Admission(session: session, claim: claim, client: client, replaces: other))
        case .amqp:
            return .failure(
                Refusal(
                    failure: RPC.Failure(
                        .conflict, "The client of that client_token lives on AMQP. Connect without a token.")))
        }
    }

    /// A claim that repeats an earlier grant is taken as it stands, unless it contradicts what we know: of two holders
    /// of a name or an `app_id` the one we knew first keeps it. While a registry that took over from another is still
    /// being told who is there, order of arrival means nothing: then the client that came online earlier keeps the
    /// name.
    private func grantedBefore(
        _ granted: SessionGrant, _ claim: SessionClaim, _ session: SessionKey
    ) -> Result<Admission, Refusal> {
        guard Exchanges.isWord(granted.appID), let token = ClientToken(granted.clientToken) else {
            return .failure(Refusal(failure: RPC.Failure(.badRequest, "The grant is not one of the registry's.")))
        }
        var client = clients[granted.appID] ?? KnownClient(appID: granted.appID, token: token, state: .online(session))
        let contradiction = Refusal(
            failure: RPC.Failure(.conflict, "The client \(granted.appID) is known with another connection."),
            isSuperseded: true)
        guard client.token == token, clients.holder(of: token).map({ $0.appID == granted.appID }) ?? true else {
            return .failure(contradiction)
        }
        if clients[granted.appID] != nil {
            switch client.state {
            case .online, .amqp: return .failure(contradiction)
            case .leased, .kept, .awaited: break
            }
        }
        var loser: KnownClient?
        // A text that is no valid name is ignored.
        if client.name == nil, let text = granted.clientName, let name = try? ClientName(text) {
            if let holder = presence.holder(of: name) {
                loser = later(holder, than: claim)
                loser?.name = nil
            }
            if presence.holder(of: name) == nil || loser != nil { client.name = name }
        }
        // Its name was granted with the rest, or is another client's by now: either way the claim asks for no name any
        // more.
        var settled = claim
        settled.name = nil
        return .success(Admission(session: session, claim: settled, client: client, unnames: loser))
    }

    /// The holder of a name, if it came online after the client that claims the same name and edges are still reporting
    /// to a registry that took over; else `nil`.
    private func later(_ holder: String, than claim: SessionClaim) -> KnownClient? {
        guard settlesAt != nil, let online = presence.clients[holder], claim.connectedAt < online.connectedAt,
            var client = clients[holder]
        else { return nil }
        client.isSaved = client.isSaved && client.resume != nil
        return client
    }
}
