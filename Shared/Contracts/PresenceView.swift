import Synchronization

/// The process's one ``PresenceReplica``, readable from anywhere: a copy costs a reference count.
public final class PresenceView: Sendable {
    private let replica = Mutex(PresenceReplica())

    public init() {}

    public var current: PresenceReplica { replica.withLock { $0 } }

    public func apply(_ change: PresenceChange) -> PresenceReplica.Effect {
        replica.withLock { $0.apply(change) }
    }

    public func replace(with snapshot: PresenceSnapshot) -> PresenceReplica.Effect {
        replica.withLock { $0.replace(with: snapshot) }
    }
}
