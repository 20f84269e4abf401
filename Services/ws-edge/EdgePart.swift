import Observability

/// One part of an edge as ``WSEdgeService`` has it: what it does while the edge runs and when it stops, and what is
/// wrong with it.
struct EdgePart: Sendable {
    /// Runs from when the edge listens until it is cancelled.
    var run: (@Sendable () async -> Void)?
    /// The edge stops: called once, in the order of the list. What takes longer than `end` is left behind.
    var drain: (@Sendable (_ end: ContinuousClock.Instant) async -> Void)?
    /// For health checks.
    var impairment: (@Sendable () -> Impairment?)?
    /// Sets the gauges of what is not counted as it happens; once a second, on the inbox's event loop.
    var measure: (@Sendable () -> Void)?
}
