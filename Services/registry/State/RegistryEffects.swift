import Contracts

/// What an input to ``RegistryState`` means for the world outside it.
struct RegistryEffects: Sendable {
    /// To be published, in order, after the answer.
    var changes: [PresenceChange] = []
    /// To be written. No answer depends on them, so they may be written later.
    var saves = StoreChanges()
    /// To be asked of edges, in any order; nobody waits for it.
    var requests: [EdgeRequest] = []
    /// What lapsed, to be counted.
    var lapses = Lapses()

    struct Lapses: Sendable {
        var edges = 0
        var clients = 0
        var ports = 0
    }

    mutating func append(_ later: RegistryEffects) {
        changes += later.changes
        saves.merge(later.saves)
        requests += later.requests
        lapses.edges += later.lapses.edges
        lapses.clients += later.lapses.clients
        lapses.ports += later.lapses.ports
    }
}

/// What the registry asks of an edge of its own accord.
enum EdgeRequest: Sendable, Hashable {
    case report(EdgeAddress)
    case disconnect(EdgeAddress, session: UInt64, reason: String)
    case closePort(EdgeAddress, EdgeAPI.ClosePort)
}
