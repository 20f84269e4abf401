public import SettingsReading

/// How long a bot may take to answer an action, by the action's name.
public struct ActionTimeouts: Sendable {
    /// For actions no pattern matches. Default 60 s.
    public let standard: Duration
    /// The first pattern that matches wins; `*` stands for any characters at its place. Default `upload_*` 600 s.
    public let byPattern: [(pattern: ActionPattern, value: Duration)]

    public init(_ settings: Settings) {
        let range: ClosedRange<Duration> = .milliseconds(100)...(.seconds(3600))
        self.init(
            standard: settings.duration("action_timeout", default: .seconds(60), in: range),
            byPattern: settings.durations(
                "action_timeouts", default: [(name: "upload_*", value: .seconds(600))], in: range))
    }

    init(standard: Duration, byPattern: [(name: String, value: Duration)]) {
        self.standard = standard
        self.byPattern = byPattern.map { (ActionPattern($0.name), $0.value) }
    }

    public func timeout(of action: String) -> Duration {
        byPattern.first { $0.pattern.matches(action) }?.value ?? standard
    }
}
