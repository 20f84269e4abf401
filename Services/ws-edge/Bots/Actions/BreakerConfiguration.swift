public import SettingsReading

/// When a bot that does not answer is asked no more, and how it is found to be back.
public struct BreakerConfiguration: Sendable {
    /// `breaker.timeouts`: after so many actions in a row without any answer from the bot, actions for it fail at once.
    /// Default 5; 0: never.
    public var timeouts: Int
    /// `breaker.probe_interval`: how often the bot is then asked for its status; any answer ends it. Default 10 s.
    public var probeInterval: Duration

    public init(_ settings: Settings) {
        timeouts = settings.int("breaker.timeouts", default: 5, in: 0...1000)
        probeInterval = settings.duration(
            "breaker.probe_interval", default: .seconds(10), in: .milliseconds(100)...(.seconds(600)))
    }
}
