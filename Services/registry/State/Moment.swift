/// One moment, by the two clocks the registry needs.
struct Moment: Sendable, Hashable {
    /// Time this machine has been awake, from any origin: for leases. It neither jumps nor counts a suspended machine's
    /// sleep.
    var uptime: Duration
    /// Milliseconds since 1970: for what is stored and read by a later run.
    var utcMilliseconds: Int64

    /// What the stored clock will show when `uptime` is reached.
    func utcMilliseconds(at uptime: Duration) -> Int64 {
        let (sum, overflow) = utcMilliseconds.addingReportingOverflow(Int64((uptime - self.uptime) / .milliseconds(1)))
        return overflow ? .max : sum
    }

    /// How far away a stored moment is: never less than zero, never more than `most`, whatever the clock did meanwhile.
    func remaining(until stored: Int64, atMost most: Duration) -> Duration {
        let (left, overflow) = stored.subtractingReportingOverflow(utcMilliseconds)
        return min(most, .milliseconds(max(0, overflow ? 0 : left)))
    }
}
