import Actions
import Contracts
import OneBot

/// Makes a new session known to the registry: within 2 s before its first frame, else later, as often as it takes.
enum Registration {
    enum Outcome: Sendable {
        case granted(SessionGrant)
        /// The registry cannot be reached: the client is served all the same.
        case delayed
        /// The registry said no: the token is unknown, or its client is connected already.
        case refused(RPC.Failure)
    }

    /// `tell` hears `delayed` at most once and then `granted` or `refused`, unless the session goes before.
    static func begin(_ claim: SessionClaim, context: EdgeContext, tell: @escaping @Sendable (Outcome) -> Void) {
        context.leases.opened(claim)
        context.tasks.spawn {
            var claim = claim
            var isFirst = true
            while !Task.isCancelled, context.leases.isLive(claim.sessionID) {
                do throws(RPC.Failure) {
                    let grant = try await context.registry.register(claim, at: context.address)
                    tell(.granted(grant))
                    break
                } catch {
                    if error.retcode != RetCode.unavailable.rawValue {
                        // A client that may resume but came too late gets a new identity; any other unknown token is refused.
                        if claim.clientToken != nil, claim.resumeSeconds != nil,
                            error.retcode == RetCode.unauthorized.rawValue
                        {
                            claim.clientToken = nil
                            context.leases.opened(claim)
                            continue
                        }
                        tell(.refused(error))
                        break
                    }
                    if isFirst { tell(.delayed) }
                    isFirst = false
                    // Cancelled: the loop's condition ends it.
                    try? await Task.sleep(for: .seconds(1))
                }
            }
            context.leases.settled(claim.sessionID)
        }
    }
}
