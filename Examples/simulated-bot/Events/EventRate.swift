/// How fast made-up events go out.
public enum EventRate: Sendable, Hashable {
    /// Any number from 0 (none) to 1 000 000, such as 0.2.
    case perSecond(Double)
    /// As fast as the slowest listener takes them.
    case unlimited

    /// Reads `max` or a number from 0 to 1 000 000; `nil` for anything else.
    public init?(_ text: String) {
        if text == "max" {
            self = .unlimited
        } else if let number = Double(text) {
            self.init(number)
        } else {
            return nil
        }
    }

    /// `nil` for a number out of that range.
    public init?(_ number: Double) {
        guard number >= 0, number <= 1_000_000 else { return nil }
        self = .perSecond(number)
    }
}
