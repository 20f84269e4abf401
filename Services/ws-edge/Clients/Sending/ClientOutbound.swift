import Actions
import DequeModule
import NIOCore

/// What one client has not taken yet: frames shared with other clients, kept in order while its socket is full; bounded
/// in bytes and age (`edge.outbound_bytes`, `edge.outbound_age`, `edge.outbound_budget`). One larger message always
/// fits.
///
/// What happens at the bound is `edge.slow_client`: the connection is closed, or the oldest events go, counted, so that
/// ``next()`` can say how many are missing at that place. Answers never go, since a client that asked gets its answer.
/// Answers in parts are the exception: their parts go before anything else, because without one of them the others are
/// of no use, and one answer that says so takes their place.
struct ClientOutbound {
    private struct Entry {
        var frames: ByteBuffer
        /// How many events are in there; 0 for answers and our own meta events.
        var events: Int
        let kind: OutgoingKind
        var since: NIODeadline
        /// What is in there, where it is an event for one member of a group.
        var grouped: GroupedEvent?
        /// Which call it answers in part.
        var part: UInt64?
        /// Events dropped just before this entry.
        var missedBefore = 0
    }

    struct Next {
        let frames: ByteBuffer
        let kind: OutgoingKind
        let missedBefore: Int
        let isPart: Bool
    }

    enum Outcome: Hashable {
        /// It waits; `dropped` events had to go for it.
        case kept(dropped: Int)
        /// It waits; the parts of answers to these calls had to go for it, and `dropped` events.
        case cut([UInt64], dropped: Int)
        case tooSlow
    }

    private let maxBytes: Int
    private let maxAge: TimeAmount
    private let policy: OutboundConfiguration.SlowClient
    private let budget: OutboundBudget
    private var entries: Deque<Entry> = []
    private(set) var bytes = 0

    init(_ configuration: OutboundConfiguration, budget: OutboundBudget) {
        maxBytes = configuration.limits.bytes
        maxAge = TimeAmount(configuration.limits.age)
        policy = configuration.slowClient
        self.budget = budget
    }

    var isEmpty: Bool { entries.isEmpty }

    mutating func append(
        _ frames: ByteBuffer, events: Int, as kind: OutgoingKind = .event, grouped: GroupedEvent? = nil,
        part: UInt64? = nil, now: NIODeadline
    ) -> Outcome {
        add(Entry(frames: frames, events: events, kind: kind, since: now, grouped: grouped, part: part))
        guard isOver else { return .kept(dropped: 0) }
        let cut = dropParts()
        guard isOver else { return .cut(cut, dropped: 0) }
        switch policy {
        case .close: return .tooSlow
        case .dropOldest:
            let dropped = dropOldest(while: { $0.isOver })
            if isOver { return .tooSlow }
            return cut.isEmpty ? .kept(dropped: dropped) : .cut(cut, dropped: dropped)
        }
    }

    /// Drops all that waits of answers in parts.
    /// - Returns: the calls they belong to.
    mutating func dropParts() -> [UInt64] {
        let parts = entries.filter { $0.part != nil }
        guard !parts.isEmpty else { return [] }
        // No part has a count of missing events before it, since parts are dropped before any event is.
        entries.removeAll { $0.part != nil }
        change(by: -parts.reduce(0) { $0 + $1.frames.readableBytes })
        return Array(Set(parts.compactMap(\.part))).sorted()
    }

    mutating func next() -> Next? {
        guard let entry = entries.popFirst() else { return nil }
        change(by: -entry.frames.readableBytes)
        return Next(frames: entry.frames, kind: entry.kind, missedBefore: entry.missedBefore, isPart: entry.part != nil)
    }

    /// How many whole answers wait.
    var answers: Int { entries.count { $0.kind == .answer && $0.part == nil } }

    /// Whether the oldest entry has waited too long.
    func isOverdue(at now: NIODeadline) -> Bool { entries.first.map { now - $0.since > maxAge } ?? false }

    /// Lets go of the events that have waited too long.
    /// - Returns: how many; `nil` where the policy is to close, or where it is an answer that waits.
    mutating func dropOverdue(at now: NIODeadline) -> Int? {
        guard policy == .dropOldest else { return nil }
        let dropped = dropOldest(while: { $0.isOverdue(at: now) })
        return isOverdue(at: now) ? nil : dropped
    }

    /// Takes out the events that others of a group may still be given.
    mutating func takeGrouped() -> [GroupedEvent] {
        let taken = entries.filter { $0.grouped != nil }
        guard !taken.isEmpty else { return [] }
        entries.removeAll { $0.grouped != nil }
        change(by: -taken.reduce(0) { $0 + $1.frames.readableBytes })
        return taken.compactMap(\.grouped)
    }

    mutating func clear() {
        entries.removeAll()
        change(by: -bytes)
    }

    /// One message always fits, however large.
    private var isOver: Bool { entries.count > 1 && (bytes > maxBytes || budget.isExceeded) }

    /// Drops the oldest events, from the front; answers on the way stay where they are.
    private mutating func dropOldest(while condition: (Self) -> Bool) -> Int {
        var dropped = 0
        var index = 0
        // The newest entry stays, and says how many events are missing before it.
        while condition(self), index < entries.count - 1 {
            guard entries[index].events > 0 else {
                index += 1
                continue
            }
            let entry = entries.remove(at: index)
            change(by: -entry.frames.readableBytes)
            dropped += entry.events
            entries[index].missedBefore += entry.missedBefore + entry.events
        }
        return dropped
    }

    private mutating func add(_ entry: Entry) {
        entries.append(entry)
        change(by: entry.frames.readableBytes)
    }

    private mutating func change(by difference: Int) {
        bytes += difference
        budget.change(by: difference)
    }
}
