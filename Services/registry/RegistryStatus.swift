import Metrics
import Observability
import Synchronization

/// Whether the registry can do its work, as health checks read it.
final class RegistryStatus: Sendable {
    private struct State {
        var phase: Impairment? = Impairment(.unavailable, "The registry has not started.")
        var awaiting: Impairment?
        var store: Impairment?
    }

    private let state = Mutex(State())
    private let active = MetricNames.registryActive.gauge()

    /// Why it cannot; `nil`: it can.
    var reason: String? { impairment?.reason }

    var impairment: Impairment? {
        state.withLock { $0.phase ?? $0.store ?? $0.awaiting }
    }

    /// What keeps it from serving at all; `nil`: it serves.
    func set(phase: String?, _ degree: Impairment.Degree = .unavailable) {
        state.withLock { $0.phase = phase.map { Impairment(degree, $0) } }
        active.set(phase == nil ? 1 : 0)
    }

    /// Whose reports it waits for; `nil`: nobody's.
    func set(awaiting: String?) {
        state.withLock { $0.awaiting = awaiting.map { Impairment(.degraded, $0) } }
    }
    /// Why it cannot save; `nil`: it can.
    func set(store: String?) { state.withLock { $0.store = store.map { Impairment(.degraded, $0) } } }
}
