import Claims

/// The durations of the bots' side that are no settings; tests shorten them.
struct BotTiming: Sendable {
    /// How long a connection may leave us without a `self_id` before it is asked (`get_login_info`), and between
    /// repeats.
    var askAfter: Duration = .milliseconds(300)
    var askAgainAfter: Duration = .seconds(5)
    /// A bot that has said nothing of use that long after it connected is reported.
    var firstWords: Duration = .seconds(10)
    /// The time between two attempts to dial a bot, give or take half of it: 1 to 3 s, the same for ever.
    var redial: Duration = .seconds(2)
    /// A bot that is also connected some other way is left alone at least that long, and then until that other way is
    /// gone.
    var duplicateFirst: Duration = .seconds(5)
    /// After that long it is dialled again all the same.
    var duplicateRedial: Duration = .seconds(60)
    /// The time between pings to bots; two without a sign of life end the connection.
    var pingInterval: Duration = .seconds(20)
    /// A bot that has sent heartbeats and then nothing at all for three intervals, and at least that long, hangs.
    var leastSilence: Duration = .seconds(30)
    /// Bounds of the wait before a bot's program is started again.
    var restartFirst: Duration = .seconds(1)
    var restartLongest: Duration = .seconds(60)
    /// From SIGTERM to SIGKILL.
    var terminationGrace: Duration = .seconds(5)
    var claims = ClaimTiming()
}
