public import SettingsReading

/// How long a bot may take to answer an action, by the action's plain name.
public struct ActionTimeouts: Sendable {
    /// What moves files: NapCat gives it up to half an hour, by the file's size.
    private static let slow = ["upload_*", "download_*", "get_file", "get_image", "get_record", "*_stream"]

    /// For actions no pattern matches. Default 60 s.
    public let standard: Duration
    /// The first pattern that matches wins; `*` stands for any characters at its place. Default 30 min for what moves files: `upload_*`,
    /// `download_*`, `get_file`, `get_image`, `get_record`, `*_stream`.
    public let byPattern: [(pattern: ActionPattern, value: Duration)]

    public init(_ settings: Settings) {
        let range: ClosedRange<Duration> = .milliseconds(100)...(.seconds(3600))
        self.init(
            standard: settings.duration("action_timeout", default: .seconds(60), in: range),
            byPattern: settings.durations(
                "action_timeouts", default: Self.slow.map { (name: $0, value: .seconds(1800)) }, in: range))
    }

    init(standard: Duration, byPattern: [(name: String, value: Duration)]) {
        self.standard = standard
        self.byPattern = byPattern.map { (ActionPattern($0.name), $0.value) }
    }

    /// - Parameter action: without a suffix (``ActionName/plain``).
    public func timeout(of action: String) -> Duration {
        var action = action
        return action.withUTF8 { name in byPattern.first { $0.pattern.matches(name) }?.value } ?? standard
    }
}
