/// A number of actions per unit of time: `20/s`, `60/min`, `500/h`.
public struct PacingRate: Sendable, Hashable, CustomStringConvertible {
    public let count: Int
    public let unit: Unit

    public enum Unit: String, Sendable, CaseIterable {
        case second = "s"
        case minute = "min"
        case hour = "h"

        var nanoseconds: Int64 {
            switch self {
            case .second: 1_000_000_000
            case .minute: 60_000_000_000
            case .hour: 3_600_000_000_000
            }
        }
    }

    public static let largestCount = 100_000

    /// `nil` for anything but a whole number from 1 to 100 000, a slash and a unit.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[0]), 1...Self.largestCount ~= count,
            let unit = Unit(rawValue: String(parts[1]))
        else { return nil }
        self.count = count
        self.unit = unit
    }

    /// The time between two actions that are evenly spaced. Rounded up, so that the rate is never exceeded.
    public var interval: Duration {
        let count = Int64(count)
        return .nanoseconds((unit.nanoseconds + count - 1) / count)
    }

    public var description: String { "\(count)/\(unit.rawValue)" }
}
