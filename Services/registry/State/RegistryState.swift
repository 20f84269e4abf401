import Contracts
import OneBot

/// Everything the registry knows, and every decision it makes. An input that promises something is split in two: a
/// `decide…` that changes nothing and says what must be written first, and a method that carries it out once that is
/// written. All other inputs change the state at once and return what follows from it.
struct RegistryState: Sendable {
    let portExpiry: Duration
    var edges = EdgeTable()
    var leases: LeaseTable
    var presence: PresenceTable
    var clients = ClientTokens()
    var ports: PortTable
    var allocator: PortAllocator
    /// Every bot that ever was, online or not.
    var knownBots: Set<SelfID> = []
    /// Until then there may be edges that an earlier registry knew and this one has not heard of; `nil`: it has heard
    /// of all.
    var settlesAt: Duration?

    /// By how much a question may overtake a report of the same edge.
    static let overtaking = Duration.seconds(2)
    /// How much later than `expires_in` the registry ends a lease, if the edge has not: its client may have come in the
    /// last moment.
    static let portGrace = Duration.seconds(2)
    /// Every edge that lives says something within that time: it renews every 5 s.
    static let settling = Duration.seconds(7)
    /// The longest a client that left may ask to be kept.
    static let longestResume = 86_400

    init(configuration: RegistryConfiguration, registryEpoch: UInt64) {
        portExpiry = configuration.portExpiry
        leases = LeaseTable(duration: configuration.lease)
        presence = PresenceTable(registryEpoch: registryEpoch)
        switch configuration.portMode {
        case .leased:
            ports = PortTable(isShared: false)
            allocator = PortAllocator(range: configuration.portRange)
        case .shared:
            ports = PortTable(isShared: true)
            allocator = PortAllocator(range: nil)
        }
    }

    // MARK: Questions

    /// - Throws: 1503 while edges that were there before the registry started have not said what lives there.
    func snapshot() throws(RPC.Failure) -> PresenceSnapshot {
        if let wait = whatIsAwaited { throw RPC.Failure(.unavailable(.no(retryAfter: .milliseconds(500))), wait) }
        return presence.snapshot
    }

    /// Why not everything is known yet; `nil` where it is.
    var whatIsAwaited: String? {
        if settlesAt != nil {
            return "The registry has just taken over from another, and waits for every edge's report."
        }
        let silent = edges.silent.map(\.edgeID).sorted()
        guard !silent.isEmpty else { return nil }
        return "The registry has just started and waits for the report of \(silent.joined(separator: ", "))."
    }

    /// Who is calling: by the secret, else by `app_id`, else the only client at that address.
    func identify(_ caller: RegistryAPI.Identify) throws(RPC.Failure) -> OnlineClient {
        if let token = caller.clientToken, !token.isEmpty {
            guard let known = ClientToken(token).flatMap({ clients.holder(of: $0) }) else {
                throw nobody("No client has that client_token.")
            }
            guard let client = presence.clients[known.appID] else {
                throw nobody("The client of that client_token is not connected.")
            }
            return client
        }
        if let appID = caller.appID, !appID.isEmpty {
            guard let client = presence.clients[appID] else { throw nobody("No client with that app_id is online.") }
            return client
        }
        if let host = caller.address.flatMap({ HostAddress($0) }), let client = presence.onlyClient(at: host) {
            return client
        }
        throw nobody("Which client is calling is not known.")
    }

    private func nobody(_ reason: String) -> RPC.Failure {
        if let whatIsAwaited {
            return RPC.Failure(.unavailable(.no(retryAfter: .milliseconds(500))), "\(reason) \(whatIsAwaited)")
        }
        return RPC.Failure(
            .unauthorized, "\(reason) Send X-Client-Token (or client_token) from get_ws_port or the lifecycle event.")
    }

    // MARK: Time

    /// Ends whatever has lapsed.
    mutating func expire(at now: Moment) -> RegistryEffects {
        var effects = RegistryEffects()
        if let end = settlesAt, end <= now.uptime { settlesAt = nil }
        var silent: [String] = []
        for holder in leases.expire(at: now.uptime) {
            switch holder {
            case .edge(let edge):
                effects.append(end(edge, .lapsed, at: now))
                effects.lapses.edges += 1
            case .client(let appID):
                silent.append(appID)
                effects.lapses.clients += 1
            }
        }
        lapse(silent, &effects)
        for var edge in edges.current.values where edge.mustAsk(at: now.uptime) {
            if edge.mayAskForReport(at: now.uptime) { effects.requests.append(.report(edge.address)) }
            edges[edge.address] = edge
        }
        // A client that comes back to its name or its port may have said so already, and we have not heard it yet.
        guard leases.mayLapse(at: now.uptime) else { return effects }
        for client in clients.expire(at: now.uptime) {
            effects.lapses.clients += 1
            if let name = client.name { presence.release(name, of: client.appID) }
            if client.isSaved { effects.saves.removeClient(client.appID) }
        }
        for (lease, isNew) in ports.expire(at: now.uptime) {
            if isNew {
                effects.lapses.ports += 1
                clients.remove(lease.appID)
                effects.saves.removePort(of: lease.appID)
            }
            effects.requests.append(
                .closePort(lease.edge, EdgeAPI.ClosePort(port: lease.port ?? 0, appID: lease.appID)))
        }
        return effects
    }
}
