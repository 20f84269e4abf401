import Contracts

/// Which edges there are. Of one `edge_id` only the latest run counts: one that was replaced, or that said it ends, is
/// not believed again. One that merely fell silent may come back, as long as no other run took its place.
struct EdgeTable: Sendable {
    private(set) var current: [String: KnownEdge] = [:]
    /// The last run of each `edge_id` that fell silent.
    private var lapsed: [String: EdgeAddress] = [:]
    private var ended: Set<EdgeAddress> = []
    private var endedInOrder: [EdgeAddress] = []

    private static let maxEnded = 1_000

    enum Sighting: Sendable, Hashable {
        case known
        /// It is new here; `replacing` is the earlier run whose place it takes.
        case new(replacing: EdgeAddress?)
        /// It ended or was replaced: what it says no longer counts.
        case ended
    }

    subscript(address: EdgeAddress) -> KnownEdge? {
        get { current[address.edgeID].flatMap { $0.address == address ? $0 : nil } }
        set {
            guard let newValue, current[address.edgeID]?.address == address else { return }
            current[address.edgeID] = newValue
        }
    }

    var silent: [EdgeAddress] { current.values.filter(\.isSilent).map(\.address) }

    /// What hearing from that edge means. Changes nothing.
    func sighting(of address: EdgeAddress) -> Sighting {
        if ended.contains(address) { return .ended }
        guard let known = current[address.edgeID] else { return .new(replacing: nil) }
        return known.address == address ? .known : .new(replacing: known.address)
    }

    /// Enters an edge; an earlier run of it must have been ended.
    mutating func enter(_ address: EdgeAddress, isSilent: Bool) {
        if let before = lapsed.removeValue(forKey: address.edgeID), before != address { end(before) }
        current[address.edgeID] = KnownEdge(address, isSilent: isSilent)
    }

    /// It fell silent.
    mutating func lapse(_ address: EdgeAddress) {
        if current[address.edgeID]?.address == address { current[address.edgeID] = nil }
        lapsed[address.edgeID] = address
        if lapsed.count > Self.maxEnded, let some = lapsed.keys.first(where: { $0 != address.edgeID }) {
            lapsed[some] = nil
        }
    }

    /// It stopped, or was replaced.
    mutating func end(_ address: EdgeAddress) {
        if current[address.edgeID]?.address == address { current[address.edgeID] = nil }
        if lapsed[address.edgeID] == address { lapsed[address.edgeID] = nil }
        guard ended.insert(address).inserted else { return }
        endedInOrder.append(address)
        if endedInOrder.count > Self.maxEnded { ended.remove(endedInOrder.removeFirst()) }
    }

    /// The earlier run of that `edge_id` that fell silent, and is replaced now.
    func lapsedRun(of edgeID: String) -> EdgeAddress? { lapsed[edgeID] }
}
