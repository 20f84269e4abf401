import OneBot
public import SettingsReading

/// How long the caller of a bot waits for the answer: the time the action may wait for its turn, then the bot's time,
/// which begins when the action is sent to it. All processes read the same settings, so edge and gateway agree.
public struct ActionPatience: Sendable {
    /// The edge that holds the bot's link lets a paced action wait, measures the bot's time from sending and answers
    /// 1504 itself. The caller waits this much longer, and then gives up with a 1504 of its own: the edge's answer was
    /// lost on its way.
    public static let grace: Duration = .seconds(1)

    public let timeouts: ActionTimeouts
    public let pacing: PacingConfiguration

    public init(timeouts: ActionTimeouts, pacing: PacingConfiguration) {
        self.timeouts = timeouts
        self.pacing = pacing
    }

    /// - Parameter action: as it was called.
    public func patience(for action: String) -> Duration {
        let name = ActionName(action)
        return timeouts.timeout(of: name.plain) + (pacing.paces(name) ? pacing.maxWait : .zero)
    }
}

/// How long a bot may take to answer an action, by the action's plain name.
public struct ActionTimeouts: Sendable {
    /// Actions that move files: NapCat gives them up to half an hour, by the file's size.
    private static let slow = ["upload_*", "download_*", "get_file", "get_image", "get_record", "*_stream"]

    /// For actions no pattern matches. Default 60 s.
    public let standard: Duration
    /// The first pattern that matches wins; `*` stands for any characters at its place. Default 30 min for what moves
    /// files: `upload_*`, `download_*`, `get_file`, `get_image`, `get_record`, `*_stream`.
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
