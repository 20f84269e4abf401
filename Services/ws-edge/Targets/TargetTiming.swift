/// The durations of targets that are no settings; tests shorten them.
struct TargetTiming: Sendable {
    /// Between two attempts to dial a target, half as much more or less: the same pace for ever.
    var redial: Duration = .seconds(2)
    /// Between two attempts to get a name that somebody else has.
    var nameAgainAfter: Duration = .seconds(2)
    /// How long a lost claim may be ours again before what needs it stops: another edge takes it after ``ClaimTiming/grace``.
    var claimPatience: Duration = .seconds(2)
    /// A connection that lived that long was a good one.
    var steadyAfter: Duration = .seconds(5)
}
