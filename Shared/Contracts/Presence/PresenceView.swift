import Synchronization

/// The process's one ``PresenceReplica``, readable from anywhere: a copy costs a reference count.
public final class PresenceView: Sendable {
    private struct State {
        var replica = PresenceReplica()
        /// There are as many as ask at once; each waits for a moment only.
        var waiters: [UInt64: Waiter] = [:]
        var lastWaiter: UInt64 = 0

        /// Those whose position has come.
        mutating func takeReached() -> [Waiter] {
            guard !waiters.isEmpty else { return [] }
            let reached = waiters.filter { $0.value.position <= replica.position }
            for number in reached.keys { waiters[number] = nil }
            return Array(reached.values)
        }
    }

    private struct Waiter {
        let position: PresencePosition
        /// Finished when the position has come.
        let arrival: AsyncStream<Never>.Continuation
    }

    private let state = Mutex(State())

    public init() {}

    public var current: PresenceReplica { state.withLock { $0.replica } }

    public var clientCount: Int { state.withLock { $0.replica.clients.count } }

    /// The clients that are in a group.
    public var groups: GroupMembers { state.withLock { $0.replica.groups } }

    /// Waits until the replica is complete, at most this long.
    public func complete(within limit: Duration) async {
        let deadline = ContinuousClock.now + limit
        while !state.withLock({ $0.replica.isComplete }), ContinuousClock.now < deadline, !Task.isCancelled {
            // Cancelled: the loop's condition ends it.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Waits until every change up to that position is here, at most this long. Costs nothing where it is here already.
    /// - Returns: whether it is here.
    public func reaches(
        _ position: PresencePosition, within limit: Duration, on clock: any Clock<Duration> = ContinuousClock()
    ) async -> Bool {
        if state.withLock({ $0.replica.position >= position }) { return true }
        let (arrivals, arrival) = AsyncStream.makeStream(of: Never.self)
        let number: UInt64? = state.withLock { state in
            // It may have come since.
            if state.replica.position >= position { return nil }
            state.lastWaiter += 1
            state.waiters[state.lastWaiter] = Waiter(position: position, arrival: arrival)
            return state.lastWaiter
        }
        guard let number else { return true }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in arrivals {} }
            group.addTask {
                // Cancelled: it has come, or nobody waits any more.
                try? await clock.sleep(for: limit)
            }
            await group.next()
            group.cancelAll()
        }
        return state.withLock { state in
            state.waiters[number] = nil
            return state.replica.position >= position
        }
    }

    public func apply(_ change: PresenceChange) -> PresenceReplica.Effect {
        changing { $0.apply(change) }
    }

    public func replace(with snapshot: PresenceSnapshot) -> PresenceReplica.Effect {
        changing { $0.replace(with: snapshot) }
    }

    private func changing(_ change: (inout PresenceReplica) -> PresenceReplica.Effect) -> PresenceReplica.Effect {
        let (effect, reached) = state.withLock { state in (change(&state.replica), state.takeReached()) }
        for waiter in reached { waiter.arrival.finish() }
        return effect
    }
}
