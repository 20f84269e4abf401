import OneBot

/// Something that Perpetua reaches by itself and that is a client all the same: a claim, so that one edge at a time is
/// at work on it, and work for each bot that it is for.
struct Target: Sendable {
    let configuration: TargetConfiguration
    /// What the claim is called: `reverse` or `webhook`, and a name that is the same on every edge and holds no secret.
    let claim: (kind: String, name: String)
    /// How long the work goes on after the claim was lost and could not be had again; `nil`: until another edge has it.
    let patience: Duration?
    /// The work for one bot. It goes on until it is cancelled, and does not end before.
    let work: @Sendable (TargetSeat) async -> Void
}
