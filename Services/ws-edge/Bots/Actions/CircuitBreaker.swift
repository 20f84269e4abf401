import NIOCore
public import SettingsReading

/// Whether a bot is worth asking: after several timeouts in a row without any answer, nobody waits for it any more
/// until it shows signs of life.
///
/// ```
///   closed ──the last of so many timeouts──▶ open ◀──no answer in time── probing
///     ▲                                        │ └──────its time has come─────▶│
///     └──── any answer, or another link ───────┴───────────────────────────────┘
/// ```
struct CircuitBreaker {
    enum State: Hashable {
        /// Actions pass. `timeouts`: in a row, since the last answer.
        case closed(timeouts: Int)
        /// Actions fail at once; the bot is probed then.
        case open(probe: NIODeadline)
        /// Actions fail at once; a probe is under way, and given up then. The next one goes out at `next`, not before.
        case probing(until: NIODeadline, next: NIODeadline)
    }

    private(set) var state = State.closed(timeouts: 0)
    /// When the bot last answered, or its link was made. Timeouts of actions that were sent before do not count.
    private(set) var lastAnswer = NIODeadline.uptimeNanoseconds(0)
    /// How many timeouts open it; 0: none do.
    let threshold: Int
    let probeInterval: TimeAmount

    /// No bot that is well needs longer to say so.
    private static let longestProbe = TimeAmount.seconds(5)

    init(threshold: Int, probeInterval: Duration) {
        self.threshold = threshold
        self.probeInterval = TimeAmount(probeInterval)
    }

    /// How long a probe waits for its answer; one that comes later counts all the same.
    var probeTimeout: TimeAmount { min(probeInterval, Self.longestProbe) }

    var isOpen: Bool {
        switch state {
        case .closed: false
        case .open, .probing: true
        }
    }

    /// When ``wake(at:)`` is to be called; `nil`: there is nothing to do.
    var nextWake: NIODeadline? {
        switch state {
        case .closed: nil
        case .open(let probe): probe
        case .probing(let until, _): until
        }
    }

    /// Takes note that so many actions sent since ``lastAnswer`` were not answered in time. True where that opens it.
    mutating func timedOut(_ count: Int, at now: NIODeadline) -> Bool {
        switch state {
        case .closed(let before):
            let timeouts = before + count
            guard threshold > 0, timeouts >= threshold else {
                state = .closed(timeouts: threshold > 0 ? timeouts : 0)
                return false
            }
            state = .open(probe: now + probeInterval)
            return true
        case .open, .probing:
            return false
        }
    }

    /// Takes note that the bot answered something, or has a new link, or has lost its link. True where that closes it.
    mutating func answered(at now: NIODeadline) -> Bool {
        let wasOpen = isOpen
        state = .closed(timeouts: 0)
        lastAnswer = now
        return wasOpen
    }

    /// The time has come that ``nextWake`` said. True where the bot is to be probed now.
    mutating func wake(at now: NIODeadline) -> Bool {
        if case .probing(let until, let next) = state, until <= now { state = .open(probe: next) }
        switch state {
        case .closed, .probing: return false
        case .open(let probe):
            guard probe <= now else { return false }
            state = .probing(until: now + probeTimeout, next: now + probeInterval)
            return true
        }
    }

    /// How long until more is known: what is refused meanwhile may be tried again then.
    func retryAfter(at now: NIODeadline) -> Duration {
        let wake = nextWake ?? now
        return max(.milliseconds(1), .nanoseconds((wake - now).nanoseconds))
    }
}

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
