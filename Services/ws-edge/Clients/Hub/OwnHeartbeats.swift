import NIOCore

/// Clients that chose an interval of their own for heartbeats. There is one timer for each interval that somebody here
/// has, so never more timers than clients. Confined to the shard's event loop.
struct OwnHeartbeats {
    private struct Group {
        let timer: RepeatedTask
        var sessions: [UInt64: ClientSession] = [:]
    }

    private var groups: [Duration: Group] = [:]

    func sessions(every interval: Duration) -> [ClientSession] {
        groups[interval].map { Array($0.sessions.values) } ?? []
    }

    /// - Parameter start: starts the timer of an interval that nobody had before.
    mutating func add(_ session: ClientSession, start: (Duration) -> RepeatedTask) {
        guard let interval = session.feed.ownHeartbeatInterval else { return }
        groups[interval, default: Group(timer: start(interval))].sessions[session.id] = session
    }

    mutating func remove(_ session: ClientSession) {
        guard let interval = session.feed.ownHeartbeatInterval else { return }
        // In place: a copy for each session that goes would cost the square of their number where all go.
        groups[interval]?.sessions[session.id] = nil
        if groups[interval]?.sessions.isEmpty == true { groups.removeValue(forKey: interval)?.timer.cancel() }
    }
}
