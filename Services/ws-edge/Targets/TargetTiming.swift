/// The durations of targets that are no settings; tests shorten them.
struct TargetTiming: Sendable {
    /// The time between two attempts to dial a target, give or take half of it; it stays the same for ever.
    var redial: Duration = .seconds(2)
    /// The time between two attempts to get a name that somebody else has.
    var nameAgainAfter: Duration = .seconds(2)
    /// How long after a claim was lost it may become ours again before the work that needs it stops. Another edge takes
    /// it after ``ClaimTiming/grace``.
    var claimPatience: Duration = .seconds(2)
    /// A connection that lived that long was a good one.
    var steadyAfter: Duration = .seconds(5)
}
