import Synchronization
import TestSupport

@testable import Registry

/// The time of a registry at work, moved by a test: however long the machine takes, nothing lapses before its time.
final class RegistryClock: Sendable {
    private let state = Mutex((now: Moment(uptime: .zero, utcMilliseconds: UTC.milliseconds + 1_000), looks: 0))

    /// The registry takes the time with everything it does.
    func look() -> Moment {
        state.withLock { state in
            state.looks += 1
            return state.now
        }
    }

    /// Lets that much time pass, and waits until the registry has looked for what has lapsed.
    ///
    /// To be called while nobody reports and nobody asks: then the registry takes the time for its looks alone.
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
