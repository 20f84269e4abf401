import NIOCore

/// Requests that wait for an answer: correlation id → who waits, until when. Each waiter is given out exactly once,
/// when its wait ends: by the answer, a failure, or the deadline.
struct PendingReplies<Waiter> {
    private var waiters: [String: (waiter: Waiter, deadline: NIODeadline)] = [:]
    /// No deadline is before this one; `nil`: nothing waits. The request it belongs to may have been answered
    /// meanwhile: then the next ``expire(at:)`` ends nothing, and corrects it.
    private(set) var earliestDeadline: NIODeadline?

    var count: Int { waiters.count }
    var isEmpty: Bool { waiters.isEmpty }

    /// - Precondition: no request with that id waits.
    mutating func add(_ waiter: Waiter, id: String, until deadline: NIODeadline) {
        let previous = waiters.updateValue((waiter, deadline), forKey: id)
        precondition(previous == nil, "the correlation id \(id) is in use")
        earliestDeadline = min(earliestDeadline ?? deadline, deadline)
    }

    /// Ends the wait; `nil` if it has ended before, or never began.
    mutating func take(_ id: String) -> Waiter? {
        guard let waiter = waiters.removeValue(forKey: id)?.waiter else { return nil }
        if waiters.isEmpty { earliestDeadline = nil }
        return waiter
    }

    /// Puts the deadline off; `nil` where nothing waits.
    mutating func renew(_ id: String, until deadline: (Waiter) -> NIODeadline) -> Waiter? {
        guard let waiter = waiters[id]?.waiter else { return nil }
        waiters[id]?.deadline = deadline(waiter)
        return waiter
    }

    /// Ends the waits whose deadline has come. Looks at all of them, so it is to be called only when
    /// ``earliestDeadline`` has come.
    mutating func expire(at now: NIODeadline) -> [Waiter] {
        guard let earliest = earliestDeadline, earliest <= now else { return [] }
        let expired = waiters.filter { $0.value.deadline <= now }
        for id in expired.keys { waiters[id] = nil }
        earliestDeadline = waiters.values.map(\.deadline).min()
        return expired.values.sorted { $0.deadline < $1.deadline }.map(\.waiter)
    }

    /// Lets the waiters for which `body` returns true wait no longer than until `deadline`; `body` may change them.
    mutating func shorten(until deadline: NIODeadline, where body: (inout Waiter) -> Bool) {
        for id in waiters.keys {
            guard var entry = waiters[id], body(&entry.waiter) else { continue }
            entry.deadline = min(entry.deadline, deadline)
            waiters[id] = entry
            earliestDeadline = min(earliestDeadline ?? deadline, entry.deadline)
        }
    }

    /// Ends every wait.
    mutating func removeAll() -> [Waiter] {
        defer {
            waiters.removeAll()
            earliestDeadline = nil
        }
        return waiters.values.map(\.waiter)
    }
}
