public import SettingsReading

/// How long a bot may take to answer an action, by the action's name.
public struct ActionTimeouts: Sendable {
    /// For actions no pattern matches. Default 60 s.
    public let standard: Duration
    /// The first pattern that matches wins; `*` stands for any characters at its place. Default `upload_*` 600 s.
    public let byPattern: [(name: String, value: Duration)]

    public init(_ settings: Settings) {
        standard = settings.duration("action_timeout", default: .seconds(60), in: .milliseconds(100)...(.seconds(3600)))
        byPattern = settings.durations(
            "action_timeouts", default: [(name: "upload_*", value: .seconds(600))],
            in: .milliseconds(100)...(.seconds(3600)))
    }

    init(standard: Duration, byPattern: [(name: String, value: Duration)]) {
        self.standard = standard
        self.byPattern = byPattern
    }

    public func timeout(of action: String) -> Duration {
        byPattern.first { Self.matches(Array($0.name.utf8), Array(action.utf8)) }?.value ?? standard
    }

    /// Whether `text` is the pattern with something in each `*`'s place. Linear in practice: only the last star is
    /// ever widened.
    static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var (p, t) = (0, 0)
        var lastStar: (pattern: Int, text: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                lastStar = (p, t)
                p += 1
            } else if p < pattern.count, pattern[p] == text[t] {
                p += 1
                t += 1
            } else if let star = lastStar {
                lastStar = (star.pattern, star.text + 1)
                p = star.pattern + 1
                t = star.text + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
