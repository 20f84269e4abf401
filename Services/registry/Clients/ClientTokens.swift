import Contracts

/// Which token speaks for which client, and until when; and which client a session is.
struct ClientTokens: Sendable {
    private var clients: [String: KnownClient] = [:]
    private var holders: [ClientToken: String] = [:]
    private var sessions: [EdgeAddress: [UInt64: String]] = [:]
    private var kept: Set<String> = []

    /// How many clients are kept after they left. Beyond that, the one whose resume window ends first is dropped.
    static let maxKept = 10_000

    subscript(appID: String) -> KnownClient? { clients[appID] }

    func holder(of token: ClientToken) -> KnownClient? { holders[token].flatMap { clients[$0] } }

    func client(of session: SessionKey) -> KnownClient? {
        sessions[session.edge]?[session.sessionID].flatMap { clients[$0] }
    }

    /// Every client whose session is at that edge, or is waited for there.
    func clients(at edge: EdgeAddress) -> [KnownClient] {
        (sessions[edge] ?? [:]).values.compactMap { clients[$0] }.sorted { $0.appID < $1.appID }
    }

    /// Enters a client, or replaces what is known of it.
    mutating func put(_ client: KnownClient) {
        remove(client.appID)
        clients[client.appID] = client
        holders[client.token] = client.appID
        switch client.state {
        case .online(let key), .awaited(let key): sessions[key.edge, default: [:]][key.sessionID] = client.appID
        case .kept: kept.insert(client.appID)
        case .leased, .amqp: break
        }
    }

    /// Forgets a client: its token speaks for nobody any more.
    mutating func remove(_ appID: String) {
        guard let client = clients.removeValue(forKey: appID) else { return }
        holders[client.token] = nil
        kept.remove(appID)
        if let key = client.session {
            sessions[key.edge]?[key.sessionID] = nil
            if sessions[key.edge]?.isEmpty == true { sessions[key.edge] = nil }
        }
    }

    /// Takes out the clients whose resume window has passed, and those beyond ``maxKept``.
    mutating func expire(at now: Duration) -> [KnownClient] {
        var windows = kept.compactMap { appID -> (client: KnownClient, until: Duration)? in
            guard let client = clients[appID], case .kept(let until) = client.state else { return nil }
            return (client, until)
        }
        if windows.count > Self.maxKept { windows.sort { $0.until < $1.until } }
        let excess = max(0, windows.count - Self.maxKept)
        let gone = windows.enumerated().filter { $0.offset < excess || $0.element.until <= now }.map(\.element.client)
        for client in gone { remove(client.appID) }
        return gone
    }
}
