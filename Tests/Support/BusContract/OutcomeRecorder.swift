public import Bus
import Synchronization

/// Records the outcomes of publishes, in the order they were reported.
public final class OutcomeRecorder: Sendable {
    private let ends = Mutex<[(text: String, outcome: PublishOutcome)]>([])

    public init() {}

    public var outcomes: [PublishOutcome] { ends.withLock { $0.map(\.outcome) } }
    /// The texts whose publish was confirmed.
    public var confirmed: [String] { ends.withLock { $0.filter { $0.outcome == .confirmed }.map(\.text) } }

    /// The callback to give to `publish` as `then`.
    public func then(_ text: String) -> @Sendable (PublishOutcome) -> Void {
        { outcome in self.ends.withLock { $0.append((text, outcome)) } }
    }
}
