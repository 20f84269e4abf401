public import OneBot
public import SettingsReading

/// How fast bots may be made to speak: limits that hold for all clients and doors together.
public struct PacingConfiguration: Sendable {
    /// `pacing.bot`, `pacing.bot_burst`: what one bot may send. Default: no limit; a burst of 1.
    public var bot: Limit?
    /// `pacing.chat`, `pacing.chat_burst`: what one bot may send to one group, or to one user outside of groups.
    /// Default: no limit; a burst of 1.
    public var chat: Limit?
    /// `pacing.actions`: the actions that are paced, by patterns; `*` stands for any characters. What is called with
    /// `_rate_limited` is paced in any case. Default `send_* forward_* .handle_quick_operation`: what makes a bot
    /// speak.
    public var actions: [ActionPattern]
    /// `pacing.max_wait`: how long an action waits for its turn; then it is answered 1429. Default 60 s.
    public var maxWait: Duration
    /// `pacing.max_queued`: how many actions may wait for their turn at one bot. Default 1000. 4000 at most: together
    /// with the actions that wait for the bot's socket, they must be fewer than the broker hands out at once.
    public var maxQueued: Int

    /// A rate, and how many may go at once after a pause.
    public struct Limit: Sendable, Hashable {
        public var rate: PacingRate
        public var burst: Int

        public init(_ rate: PacingRate, burst: Int = 1) {
            self.rate = rate
            self.burst = burst
        }
    }

    /// No limits, and the defaults for the rest.
    public init() { self.init(Settings()) }

    public init(_ settings: Settings) {
        bot = Self.limit("bot", settings)
        chat = Self.limit("chat", settings)
        let patterns = settings.strings("pacing.actions", default: ["send_*", "forward_*", ".handle_quick_operation"])
        actions = patterns.map { ActionPattern($0) }
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

    /// Whether an action that is called so waits for its turn.
    public func paces(_ name: ActionName) -> Bool {
        guard isOn else { return false }
        return name.manner == .rateLimited || actions.contains { $0.matches(name.plain) }
    }
}
