import Synchronization
import TestSupport

@testable import Registry

/// The clock of a running registry, moved by a test: however slow the machine is, nothing lapses early.
final class RegistryClock: Sendable {
    private let state = Mutex((now: Moment(uptime: .zero, utcMilliseconds: UTC.milliseconds + 1_000), looks: 0))

    /// The registry calls this with everything it does.
    func look() -> Moment {
        state.withLock { state in
            state.looks += 1
            return state.now
        }
    }

    /// Lets this much time pass, and waits until the registry has looked for lapsed leases.
    ///
    /// To be called while nobody reports or asks, so that only these looks read the clock.
    func advance(by time: Duration, file: String = #fileID, line: Int = #line) async throws {
        let before = state.withLock { state in
            state.now.uptime += time
            state.now.utcMilliseconds += Int64(time / .milliseconds(1))
            return state.looks
        }
        try await eventually(
            "the registry has looked", file: file, line: line, read: { state.withLock { $0.looks } },
            until: { $0 > before })
    }
}
