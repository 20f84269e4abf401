import Contracts
import OneBot
import Synchronization

/// One bot at one target: who that is to others. It lives as long as the process, so that the target comes back as the
/// client it was.
final class TargetSeat: Sendable {
    let selfID: SelfID
    /// What it wants to be called.
    let name: String
    private let state = Mutex(State())
    /// Watches whether it still calls actions.
    let calls: CallWatch

    private struct State {
        var grant: SessionGrant?
        var session: UInt64?
        var hasBegun = false
        /// Connections in a row that we ended without the registry's grant.
        var refusals = 0
    }

    /// A grant that is refused so many times in a row is given up: the target comes in as a new client then.
    private static let maxRefusals = 3

    init(selfID: SelfID, name: String) {
        self.selfID = selfID
        self.name = name
        calls = CallWatch(selfID)
    }

    /// The client it was before; `nil` where it never was one.
    var grant: SessionGrant? { state.withLock { $0.grant } }
    /// Its session, while there is one.
    var session: UInt64? { state.withLock { $0.session } }

    /// - Returns: whether it is the first.
    func began(_ session: UInt64) -> Bool {
        state.withLock { state in
            state.session = session
            defer { state.hasBegun = true }
            return !state.hasBegun
        }
    }

    // MARK: The end

    /// - Parameters:
    ///   - grant: what the session was granted; `nil`: nothing, because the registry had no time to answer, or refused
    ///     it.
    ///   - isOurs: whether we ended it.
    func ended(_ session: UInt64, granted grant: SessionGrant?, isOurs: Bool) {
        state.withLock { state in
            if state.session == session { state.session = nil }
            if let grant {
                state.grant = grant
                state.refusals = 0
            } else if isOurs {
                state.refusals += 1
                if state.refusals >= Self.maxRefusals { state.grant = nil }
            }
        }
    }
}
