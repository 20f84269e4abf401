import Contracts

/// Who is believed alive, and until when: a lease is granted, renewed by reports, and lapses by itself. What an edge
/// holds (sessions, bots, ports) ends with its lease.
///
/// Whoever owns the table looks at it often. A look that comes late means that the process stood still, and that
/// renewals may wait unread: then nothing lapses for one lease. The same holds while the bus is away, and for one lease
/// after.
struct LeaseTable: Sendable {
    let duration: Duration
    private var deadlines: [LeaseHolder: Duration] = [:]
    private var lastLook: Duration?
    private var nothingLapsesBefore = Duration.zero

    init(duration: Duration) {
        self.duration = duration
    }

    /// Grants a lease, or a new one in place of the old.
    mutating func grant(_ holder: LeaseHolder, at now: Duration) {
        deadlines[holder] = now + duration
    }

    /// False where there is none: it lapsed, or was never granted.
    mutating func renew(_ holder: LeaseHolder, at now: Duration) -> Bool {
        guard deadlines[holder] != nil else { return false }
        deadlines[holder] = now + duration
        return true
    }

    mutating func end(_ holder: LeaseHolder) {
        deadlines[holder] = nil
    }

    /// From now on nothing lapses for one lease, because renewals cannot come in (the bus is away).
    mutating func hold(at now: Duration) { nothingLapsesBefore = max(nothingLapsesBefore, now + duration) }

    /// False while renewals, and other news of the edges, may be on their way to us.
    func mayLapse(at now: Duration) -> Bool { now >= nothingLapsesBefore }

    /// Takes out what has lapsed.
    mutating func expire(at now: Duration) -> [LeaseHolder] {
        if let lastLook, now - lastLook > duration / 3 { hold(at: now) }
        lastLook = now
        guard mayLapse(at: now) else { return [] }
        let lapsed = deadlines.filter { $0.value <= now }.keys.sorted { $0.description < $1.description }
        for holder in lapsed { deadlines[holder] = nil }
        return lapsed
    }
}

/// Who holds a lease: an edge, for all that lives there, or a client that lives on AMQP.
enum LeaseHolder: Sendable, Hashable, CustomStringConvertible {
    case edge(EdgeAddress)
    /// By its `app_id`.
    case client(String)

    var description: String {
        switch self {
        case .edge(let edge): "edge \(edge)"
        case .client(let appID): "client \(appID)"
        }
    }
}
