import Contracts
import OneBot

/// A port for one client, from the wish to the closed listener.
///
/// ```
/// binding ──bound──▶ open ──connect──▶ connected ──leave──▶ (gone)
///    │                 │ nobody came
///    └─not bound──▶ closing ──the edge says it is closed──▶ (gone)
/// ```
struct PortLease: Sendable {
    enum State: Sendable, Hashable {
        /// The edge was asked to open it.
        case binding
        /// It waits for its client until then.
        case open(until: Duration)
        /// Its client is there.
        case connected(SessionKey)
        /// The edge is to close it; it is asked again then.
        case closing(askAgain: Duration)
    }

    let appID: String
    let token: ClientToken
    let edge: EdgeAddress
    /// `nil` until the edge's system has picked one.
    var port: Int?
    private(set) var state: State = .binding

    /// How often an edge is asked to close a port until it says it has.
    static let closeInterval = Duration.seconds(5)

    init(appID: String, token: ClientToken, edge: EdgeAddress, port: Int?) {
        self.appID = appID
        self.token = token
        self.edge = edge
        self.port = port
    }

    /// The edge has bound it. False where that comes too late.
    mutating func bound(to port: Int, until: Duration) -> Bool {
        switch state {
        case .binding:
            self.port = port
            state = .open(until: until)
            return true
        case .open, .connected, .closing:
            return false
        }
    }

    /// Its client registers. False where it may not, or another one is there.
    mutating func connect(_ session: SessionKey) -> Bool {
        switch state {
        case .open:
            state = .connected(session)
            return true
        case .connected(let other):
            return other == session
        case .binding, .closing:
            return false
        }
    }

    /// Whether nobody came in time.
    func isOverdue(at now: Duration) -> Bool {
        switch state {
        case .open(let until): until <= now
        case .binding, .connected, .closing: false
        }
    }

    /// It is to be closed; true where the edge is to be asked now.
    mutating func close(at now: Duration) -> Bool {
        switch state {
        case .binding, .open, .connected:
            state = .closing(askAgain: now + Self.closeInterval)
            return true
        case .closing(let askAgain):
            guard askAgain <= now else { return false }
            state = .closing(askAgain: now + Self.closeInterval)
            return true
        }
    }

    var isClosing: Bool {
        switch state {
        case .closing: true
        case .binding, .open, .connected: false
        }
    }
}
