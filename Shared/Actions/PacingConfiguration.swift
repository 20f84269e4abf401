public import SettingsReading

/// How fast bots may be made to speak: limits that hold for all clients and doors together.
public struct PacingConfiguration: Sendable {
    /// `pacing.bot`, `pacing.bot_burst`: what one bot may send. Default: no limit; a burst of 1.
    public var bot: Limit?
    /// `pacing.chat`, `pacing.chat_burst`: what one bot may send to one group, or to one user outside of groups. Default: no limit; a burst
    /// of 1.
    public var chat: Limit?
    /// `pacing.actions`: the actions that are paced, by patterns; `*` stands for any characters. The suffixes `_async` and
    /// `_rate_limited` change nothing. Default `send_* forward_* .handle_quick_operation`: what makes a bot speak.
    public var actions: [String] { didSet { patterns = actions.map { Array($0.utf8) } } }
    /// `pacing.max_wait`: how long an action waits for its turn; then it is answered 1429. Default 60 s.
    public var maxWait: Duration
    /// `pacing.max_queued`: how many actions may wait for their turn at one bot. Default 1000. 4000 at most, so that together with those that
    /// wait for the bot's socket they are fewer than the broker hands out at once.
    public var maxQueued: Int
    private var patterns: [[UInt8]]

    /// A rate, and how many may go at once after a pause.
    public struct Limit: Sendable, Hashable {
        public var rate: PacingRate
        public var burst: Int

        public init(_ rate: PacingRate, burst: Int = 1) {
            self.rate = rate
            self.burst = burst
        }
    }

    /// No limit, and else the defaults.
    public init() { self.init(Settings()) }

    public init(_ settings: Settings) {
        bot = Self.limit("bot", settings)
        chat = Self.limit("chat", settings)
        actions = settings.strings(
            "pacing.actions", default: ["send_*", "forward_*", ".handle_quick_operation"])
        patterns = actions.map { Array($0.utf8) }
        maxWait = settings.duration("pacing.max_wait", default: .seconds(60), in: .milliseconds(100)...(.seconds(3600)))
        maxQueued = settings.int("pacing.max_queued", default: 1000, in: 1...4000)
    }

    private static func limit(_ name: String, _ settings: Settings) -> Limit? {
        let text = settings.optionalString("pacing.\(name)")
        let burst = settings.int("pacing.\(name)_burst", default: 1, in: 1...10_000)
        guard let text else { return nil }
        guard let rate = PacingRate(text) else {
            settings.report(
                "pacing.\(name)", value: text,
                remedy: "Write how many in how long, as 20/s, 60/min or 500/h; up to \(PacingRate.largestCount).")
            return nil
        }
        return Limit(rate, burst: burst)
    }

    public var isOn: Bool { bot != nil || chat != nil }

    /// Whether an action of that name waits for its turn.
    public func paces(_ action: String) -> Bool {
        guard isOn else { return false }
        let name = Array(action.utf8)
        return matches(name)
            || Self.suffixes.contains {
                name.count > $0.count && name.reversed().starts(with: $0) && matches(name.dropLast($0.count))
            }
    }

    /// OneBot 11's ("asynchronous calls", "rate limited calls"), backwards.
    private static let suffixes = ["_async", "_rate_limited"].map { Array($0.utf8.reversed()) }

    private func matches(_ name: some Collection<UInt8>) -> Bool {
        let name = Array(name)
        return patterns.contains { ActionTimeouts.matches($0, name) }
    }
}
