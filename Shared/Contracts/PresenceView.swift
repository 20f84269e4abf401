import Synchronization

/// The process's one ``PresenceReplica``, readable from anywhere: a copy costs a reference count.
public final class PresenceView: Sendable {
    private let replica = Mutex(PresenceReplica())

    public init() {}

    public var current: PresenceReplica { replica.withLock { $0 } }

    public var clientCount: Int { replica.withLock { $0.clients.count } }

    /// The clients that are of a group.
    public var groups: GroupMembers { replica.withLock { $0.groups } }

    /// Waits until everything that is online is known, at most so long.
    public func complete(within limit: Duration) async {
        let deadline = ContinuousClock.now + limit
        while !replica.withLock({ $0.isComplete }), ContinuousClock.now < deadline, !Task.isCancelled {
            // Cancelled: the loop's condition ends it.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    public func apply(_ change: PresenceChange) -> PresenceReplica.Effect {
        replica.withLock { $0.apply(change) }
    }

    public func replace(with snapshot: PresenceSnapshot) -> PresenceReplica.Effect {
        replica.withLock { $0.replace(with: snapshot) }
    }
}
