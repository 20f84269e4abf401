import Contracts
import NIOCore

/// A session's place in a group: from when on, and until when, it can be given events.
struct GroupSeat {
    /// So long a session waits to be seen by others.
    static let patience = TimeAmount.seconds(2)

    let group: String
    /// It is about to go: what is for it now is for somebody else.
    private(set) var hasLeft = false
    /// The registry has told everybody of it.
    private var isListed = false
    private var waiting: (grant: SessionGrant, until: NIODeadline)?

    init(group: String) { self.group = group }

    /// The registry let it in. Its lifecycle waits until others were told, the edge that decides on events among them: who has seen the
    /// lifecycle gets events.
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
