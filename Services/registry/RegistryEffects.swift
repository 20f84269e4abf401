import Contracts

/// What an input to ``RegistryState`` means for the world outside it.
struct RegistryEffects: Sendable {
    /// To be published, in order, after the answer.
    var changes: [PresenceChange] = []
    /// To be written. Nothing is promised by them: they may be written later.
    var saves = StoreChanges()
    /// To be asked of edges, in any order; nobody waits for it.
    var requests: [EdgeRequest] = []

    mutating func append(_ later: RegistryEffects) {
        changes += later.changes
        saves.merge(later.saves)
        requests += later.requests
    }
}

/// What the registry asks of an edge of its own accord.
enum EdgeRequest: Sendable, Hashable {
    case report(EdgeAddress)
    case disconnect(EdgeAddress, session: UInt64, reason: String)
    case closePort(EdgeAddress, EdgeAPI.ClosePort)
}
