import Contracts
import NIOCore

/// A session's place in a group: from when on, and until when, it can be given events.
struct GroupSeat {
    /// How long a session waits until others were told of it.
    static let patience = TimeAmount.seconds(2)

    let group: String
    /// It is about to go: events that come for it now are for another member.
    private(set) var hasLeft = false
    /// The registry has told everybody of it.
    private var isListed = false
    private var waiting: (grant: SessionGrant, until: NIODeadline)?

    init(group: String) { self.group = group }

    /// The registry let it in. Its lifecycle waits until others were told of it, among them the edge that decides on
    /// events: a client that has seen its lifecycle gets events.
    /// - Returns: whether it has to wait.
    mutating func granted(_ grant: SessionGrant, at now: NIODeadline) -> Bool {
        if isListed { return false }
        waiting = (grant, now + Self.patience)
        return true
    }

    /// Everybody was told.
    /// - Returns: the grant that waited for it.
    mutating func listed() -> SessionGrant? {
        isListed = true
        return takeWaiting()
    }

    /// - Returns: the grant that has waited long enough.
    mutating func overdue(at now: NIODeadline) -> SessionGrant? {
        guard let waiting, waiting.until <= now else { return nil }
        return listed()
    }

    /// False if it had left already.
    mutating func leave() -> Bool {
        defer { hasLeft = true }
        return !hasLeft
    }

    private mutating func takeWaiting() -> SessionGrant? {
        defer { waiting = nil }
        return waiting?.grant
    }
}
