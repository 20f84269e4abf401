import Contracts
import OneBot

/// A session in the whole deployment.
struct SessionKey: Sendable, Hashable {
    var edge: EdgeAddress
    var sessionID: UInt64
}

/// A client that somebody holds a token for.
struct KnownClient: Sendable {
    enum State: Sendable, Hashable {
        /// A port is leased for it; it has not come yet.
        case leased
        case online(SessionKey)
        /// It was online before the registry started; its edge has not said yet whether it still is.
        case awaited(SessionKey)
        /// It lives on AMQP since then (Unix seconds), for as long as it renews its lease.
        case amqp(since: Int64)
        /// It has left, and may resume until then.
        case kept(until: Duration)
    }

    let appID: String
    let token: ClientToken
    var name: ClientName?
    /// How long it is kept once it has left; `nil`: not at all.
    var resume: Duration?
    var state: State
    /// There is a record of it in the database.
    var isSaved = false
    /// When its session was let in (time awake); `nil` where that was before the registry started.
    var admittedAt: Duration?

    /// Whether it has something that must outlive the registry. A client that lives on AMQP is always saved: no edge
    /// reports it again.
    var hasSomethingToKeep: Bool { name != nil || resume != nil }

    var grant: SessionGrant { SessionGrant(appID: appID, clientToken: token.text, clientName: name?.text) }

    /// The session it has, or had when the registry started; `nil` where it has none.
    var session: SessionKey? {
        switch state {
        case .online(let key), .awaited(let key): key
        case .leased, .kept, .amqp: nil
        }
    }
}
