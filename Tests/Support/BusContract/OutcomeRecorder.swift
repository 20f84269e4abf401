public import Bus
import Synchronization

/// Writes down how publishes ended, in the order their ends were told.
public final class OutcomeRecorder: Sendable {
    private let ends = Mutex<[(text: String, outcome: PublishOutcome)]>([])

    public init() {}

    public var outcomes: [PublishOutcome] { ends.withLock { $0.map(\.outcome) } }
    /// The texts whose publish was confirmed.
    public var confirmed: [String] { ends.withLock { $0.filter { $0.outcome == .confirmed }.map(\.text) } }

    /// What to give to `publish` as `then`.
    public func then(_ text: String) -> @Sendable (PublishOutcome) -> Void {
        { outcome in self.ends.withLock { $0.append((text, outcome)) } }
    }
}
