import Contracts
import OneBot

/// Who is online, who has which name, and the numbered changes that tell others. A name belongs to one client at a
/// time, online or kept for one that may come back; two names are the same if their bytes are.
struct PresenceTable: Sendable {
    let registryEpoch: UInt64
    private(set) var sequence: UInt64 = 0
    private(set) var edges: Set<EdgeAddress> = []
    private(set) var clients: [String: OnlineClient] = [:]
    private(set) var bots: [SelfID: OnlineBot] = [:]
    private var names: [ClientName: String] = [:]
    private var hosts: [HostAddress: Set<String>] = [:]
    /// How many clients live at each edge, or (`nil`) on AMQP.
    private var population: [EdgeAddress?: Int] = [:]

    init(registryEpoch: UInt64) {
        self.registryEpoch = registryEpoch
    }

    var snapshot: PresenceSnapshot {
        PresenceSnapshot(
            registryEpoch: registryEpoch, sequence: sequence, edges: Array(edges), clients: Array(clients.values),
            bots: Array(bots.values))
    }

    /// The last change. Whatever was answered so far is in it, or in a change before it.
    var position: PresencePosition { PresencePosition(registryEpoch: registryEpoch, sequence: sequence) }

    /// How many clients are online there; `nil`: on AMQP.
    func count(at edge: EdgeAddress?) -> Int { population[edge] ?? 0 }

    /// Numbers a change; it is then to be published.
    mutating func change(
        _ kind: PresenceChange.Kind, _ edge: EdgeAddress?, clients: [OnlineClient] = [], bots: [OnlineBot] = []
    ) -> PresenceChange {
        sequence += 1
        return PresenceChange(
            kind: kind, registryEpoch: registryEpoch, sequence: sequence, edge: edge, clients: clients, bots: bots)
    }

    // MARK: Edges

    mutating func enter(_ edge: EdgeAddress) { edges.insert(edge) }
    mutating func remove(_ edge: EdgeAddress) { edges.remove(edge) }

    // MARK: Clients

    /// Puts a client online, or replaces what is known of it.
    mutating func join(_ client: OnlineClient) {
        _ = leave(client.appID)
        clients[client.appID] = client
        population[client.edge, default: 0] += 1
        if let host = HostAddress(client.remoteAddress) { hosts[host, default: []].insert(client.appID) }
    }

    /// Takes a client offline. Its name stays its own until ``releaseName(of:)``.
    mutating func leave(_ appID: String) -> OnlineClient? {
        guard let client = clients.removeValue(forKey: appID) else { return nil }
        population[client.edge, default: 1] -= 1
        if population[client.edge] == 0 { population[client.edge] = nil }
        if let host = HostAddress(client.remoteAddress) {
            hosts[host]?.remove(appID)
            if hosts[host]?.isEmpty == true { hosts[host] = nil }
        }
        return client
    }

    /// The only client connected from that address; `nil` where there is none, or more than one.
    func onlyClient(at host: HostAddress) -> OnlineClient? {
        guard let there = hosts[host], there.count == 1 else { return nil }
        return there.first.flatMap { clients[$0] }
    }

    // MARK: Names

    func holder(of name: ClientName) -> String? { names[name] }

    /// Gives a free name to a client in place of the one it had; false where it is another's.
    mutating func give(_ name: ClientName, to appID: String, inPlaceOf old: ClientName?) -> Bool {
        guard names[name] == nil || names[name] == appID else { return false }
        if let old, old != name { release(old, of: appID) }
        names[name] = appID
        clients[appID]?.clientName = name.text
        return true
    }

    mutating func release(_ name: ClientName, of appID: String) {
        guard names[name] == appID else { return }
        names[name] = nil
        clients[appID]?.clientName = nil
    }

    // MARK: Bots

    /// Takes what an edge says of a bot; `nil` where that changes nothing. Of two edges the one with the higher epoch
    /// has the newer link. While the edge we know is alive, another one with a lower epoch is not believed: it is late,
    /// or knows the bot from its settings only. Nor can an edge without a link, whatever its epoch, take a bot offline
    /// that is online at another edge.
    mutating func update(_ bot: OnlineBot) -> OnlineBot? {
        if let known = bots[bot.selfID] {
            if known == bot { return nil }
            if known.edge == bot.edge {
                if bot.epoch < known.epoch { return nil }
            } else if edges.contains(known.edge) {
                if bot.epoch < known.epoch || (known.isOnline && !bot.isOnline) { return nil }
            }
        }
        bots[bot.selfID] = bot
        return bot
    }

    /// Marks the bots of that edge offline, except those in `keeping`.
    mutating func loseBots(at edge: EdgeAddress, keeping: Set<SelfID> = []) -> [OnlineBot] {
        let lost = bots.values.filter { $0.edge == edge && $0.isOnline && !keeping.contains($0.selfID) }
        return lost.sorted { $0.selfID < $1.selfID }.map { bot in
            var bot = bot
            bot.isOnline = false
            bots[bot.selfID] = bot
            return bot
        }
    }
}
