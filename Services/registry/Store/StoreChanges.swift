import Contracts
import OneBot

/// What is to be written in one transaction: the latest state of each record that changed. Adding to it never makes it
/// longer than there are records, so it may wait while the disk is full.
struct StoreChanges: Sendable, Equatable {
    enum Write<Record: Sendable & Hashable>: Sendable, Hashable {
        case put(Record)
        case gone
    }

    private(set) var clients: [String: Write<ClientRecord>] = [:]
    private(set) var ports: [String: Write<PortRecord>] = [:]
    private(set) var edges: [EdgeAddress: EdgeRecord] = [:]
    private(set) var bots: [SelfID: BotRecord] = [:]

    var isEmpty: Bool { clients.isEmpty && ports.isEmpty && edges.isEmpty && bots.isEmpty }

    mutating func put(_ client: ClientRecord) { clients[client.appID] = .put(client) }
    mutating func removeClient(_ appID: String) { clients[appID] = .gone }
    mutating func put(_ port: PortRecord) { ports[port.appID] = .put(port) }
    mutating func removePort(of appID: String) { ports[appID] = .gone }
    mutating func put(_ bot: BotRecord) { bots[SelfID(bot.selfID)] = bot }
    mutating func put(_ edge: EdgeAddress, _ state: EdgeRecord.State, at now: Moment) {
        edges[edge] = EdgeRecord(
            edgeID: edge.edgeID, instance: edge.instance, state: state, changedAt: now.utcMilliseconds)
    }

    /// Adds what came later: of two writes to one record the later counts.
    mutating func merge(_ later: StoreChanges) {
        clients.merge(later.clients) { $1 }
        ports.merge(later.ports) { $1 }
        edges.merge(later.edges) { $1 }
        bots.merge(later.bots) { $1 }
    }
}
