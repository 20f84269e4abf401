import NIOCore

/// Notices a bot that hangs: it has sent heartbeats, and then nothing at all for three of their intervals.
///
/// A bot that never sent one is not watched: pings tell whether its socket lives.
struct HeartbeatWatch {
    let leastSilence: Duration
    private var interval: Duration?
    private var lastHeard: NIODeadline
    /// How many bytes of an unfinished message had come at the last look.
    private var arrived = 0

    init(leastSilence: Duration, at now: NIODeadline) {
        self.leastSilence = leastSilence
        lastHeard = now
    }

    /// Any frame is a sign of life.
    mutating func heard(at now: NIODeadline) { lastHeard = max(lastHeard, now) }

    /// Takes note of how many bytes have come of a message that is still arriving (0: there is none). If it goes on
    /// arriving, that is a sign of life: a large message may take longer than a bot may be silent.
    mutating func arriving(_ bytes: Int, at now: NIODeadline) {
        if bytes > 0, bytes != arrived { heard(at: now) }
        arrived = bytes
    }

    /// A heartbeat, with the `interval` it names (OneBot 11: milliseconds).
    mutating func heartbeat(milliseconds: Int64?, at now: NIODeadline) {
        lastHeard = now
        guard let milliseconds, (1...86_400_000).contains(milliseconds) else { return }
        interval = .milliseconds(milliseconds)
    }

    /// How long the bot may be silent; `nil`: for ever.
    var allowedSilence: Duration? { interval.map { max($0 * 3, leastSilence) } }

    /// When it will have been silent too long.
    var deadline: NIODeadline? { allowedSilence.map { lastHeard + TimeAmount($0) } }
}
