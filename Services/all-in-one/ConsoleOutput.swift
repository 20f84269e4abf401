import Dispatch
import ServiceRuntime
import Synchronization

/// Writes to standard output on a thread of its own, so that a terminal that is stopped (Ctrl-S) or slow stops nothing
/// else.
final class ConsoleOutput: Sendable {
    /// How many texts may wait to be written; more are dropped.
    private static let mostWaiting = 256

    let isColored = StandardStream.output.isColored
    private let queue = DispatchQueue(label: "console")
    private let waiting = Mutex(0)

    func write(_ text: String) {
        let isAdmitted = waiting.withLock { waiting in
            guard waiting < Self.mostWaiting else { return false }
            waiting += 1
            return true
        }
        guard isAdmitted else { return }
        queue.async { [self] in
            StandardStream.output.write(text)
            waiting.withLock { $0 -= 1 }
        }
    }
}
