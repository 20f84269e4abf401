import Contracts
import OneBot

/// What it means that a program on the broker becomes a client; it is carried out once ``saves`` are written.
struct Enrolment: Sendable {
    /// The client as it will be.
    var client: KnownClient
    var online: OnlineClient
    var saves = StoreChanges()
}

/// Clients that live on AMQP: no edge holds a connection of theirs, so each has a lease of its own.
extension RegistryState {
    /// A bound on what anybody on the broker can make us keep.
    static let maxAMQPClients = 10_000

    /// Whether a program may become a client, and as whom. Changes nothing.
    /// - Parameter fresh: who it becomes.
    /// - Throws: 1400 or 1409 for the name it wants, 1503 where there are too many.
    func decide(
        _ wish: RegistryAPI.RegisterClient, fresh: KnownClient, at now: Moment
    ) throws(RPC.Failure) -> Enrolment {
        guard presence.count(at: nil) < Self.maxAMQPClients else {
            throw RPC.Failure(
                .unavailable(.no(retryAfter: leases.duration)),
                "\(Self.maxAMQPClients) clients live on AMQP already. Try again when some have left.")
        }
        if let refusal = refusal(of: fresh) { throw refusal }
        let since = now.utcMilliseconds / 1000
        var client = fresh
        if let name = wish.name { client.name = try checked(name, for: client.appID).get() }
        client.state = .amqp(since: since)
        var enrolment = Enrolment(client: client, online: Self.online(client, since: since))
        enrolment.client.isSaved = true
        enrolment.saves.put(record(of: client, last: nil, at: now))
        return enrolment
    }

    mutating func enrol(_ enrolment: Enrolment, at now: Moment) -> RegistryEffects {
        var effects = RegistryEffects()
        enter(enrolment.client, enrolment.online, at: now)
        effects.changes.append(presence.change(.clientOnline, nil, clients: [enrolment.online]))
        return effects
    }

    func lease(of client: KnownClient) -> RegistryAPI.ClientLease {
        RegistryAPI.ClientLease(grant: client.grant, leaseSeconds: Int(leases.duration / .seconds(1)))
    }

    /// Gives a client on AMQP another lease.
    /// - Throws: 1401 for a token nobody has (any more), 1400 for a client that has a connection.
    mutating func renew(
        _ wish: RegistryAPI.RenewClient, at now: Moment
    ) throws(RPC.Failure) -> RegistryAPI.ClientLease {
        guard let client = ClientToken(wish.clientToken).flatMap({ clients.holder(of: $0) }) else {
            throw RPC.Failure(
                .unauthorized, "No client has that client_token, or its lease has ended. Send register_client again.")
        }
        guard case .amqp = client.state else {
            throw RPC.Failure(
                .badRequest, "The client of that client_token has a connection, which needs no renewal.")
        }
        leases.grant(.client(client.appID), at: now.uptime)
        return lease(of: client)
    }

    /// Ends clients on AMQP that did not renew: they go in one batch, and their names are free.
    mutating func lapse(_ appIDs: [String], _ effects: inout RegistryEffects) {
        var gone: [OnlineClient] = []
        for appID in appIDs {
            guard let client = clients[appID] else { continue }
            clients.remove(appID)
            if let online = presence.leave(appID) { gone.append(online) }
            if let name = client.name { presence.release(name, of: appID) }
            effects.saves.removeClient(appID)
        }
        if !gone.isEmpty { effects.changes.append(presence.change(.clientOffline, nil, clients: gone)) }
    }

    /// Brings back a client that was online on AMQP when the registry ended. It has one lease's time to renew.
    mutating func recover(
        _ stored: KnownClient, onAMQPSince since: Int64, at now: Moment, _ effects: inout RegistryEffects
    ) {
        var client = stored
        client.state = .amqp(since: since)
        let online = Self.online(client, since: since)
        enter(client, online, at: now)
        if let last = effects.changes.indices.last, effects.changes[last].kind == .clientOnline {
            effects.changes[last].clients.append(online)  // all in one batch
        } else {
            effects.changes.append(presence.change(.clientOnline, nil, clients: [online]))
        }
    }

    private mutating func enter(_ client: KnownClient, _ online: OnlineClient, at now: Moment) {
        clients.put(client)
        leases.grant(.client(client.appID), at: now.uptime)
        presence.join(online)
        if let name = client.name { _ = presence.give(name, to: client.appID, inPlaceOf: nil) }
    }

    private static func online(_ client: KnownClient, since: Int64) -> OnlineClient {
        OnlineClient(
            appID: client.appID, clientName: client.name?.text, role: .universal, transport: .amqp, edge: nil,
            sessionID: 0, selfID: nil, connectedAt: since, remoteAddress: "")
    }
}
