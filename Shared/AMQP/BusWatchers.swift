import Bus
import Synchronization

/// The status of a bus, and those who are told when it changes.
final class BusWatchers: Sendable {
    private struct State {
        var status: BusStatus
        var watchers: [@Sendable (BusStatus) -> Void] = []
        var isClosed = false
    }

    private let state: Mutex<State>

    init(_ status: BusStatus) { state = Mutex(State(status: status)) }

    var status: BusStatus { state.withLock { $0.status } }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Makes the last change.
    func close() {
        state.withLock { $0.isClosed = true }
        set(.disconnected("It was closed."))
    }

    func add(_ watcher: @escaping @Sendable (BusStatus) -> Void) {
        let status = state.withLock { state in
            state.watchers.append(watcher)
            return state.status
        }
        watcher(status)
    }

    func set(_ status: BusStatus) {
        let watchers = state.withLock { state in
            defer { state.status = status }
            return state.status == status ? [] : state.watchers
        }
        for watcher in watchers { watcher(status) }
    }
}
