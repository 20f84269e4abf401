/// The numbers a link gives its events: `{epoch}-{sequence}` is an event's `message_id` (docs/contract.md §4).
///
/// A consumer drops older epochs and sequences it has seen, and declares a jump a gap: so a number is used once, and no
/// number is left out unless its event was lost.
struct EventSequence {
    /// 0 before the first ``begin(at:)``.
    private(set) var epoch: UInt64 = 0 {
        didSet { prefix = "\(epoch)-" }
    }
    /// What every `message_id` of the epoch begins with.
    private var prefix = "0-"
    /// The number of the last event; 0: none in this epoch.
    private(set) var sequence: UInt64 = 0

    /// Starts an epoch: the time, or one more than the last where the clock has not moved on (or went back).
    mutating func begin(at utcMilliseconds: UInt64) {
        epoch = max(epoch + 1, utcMilliseconds)
        sequence = 0
    }

    /// The next event's `message_id`.
    mutating func next() -> String {
        sequence += 1
        return "\(prefix)\(sequence)"
    }
}
