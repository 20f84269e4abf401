import Actions
import Contracts
import Logging
import Observability
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

    /// How long a client waits for the registry before it is served all the same.
    private static let inTime = Duration.seconds(2)

    /// `tell` hears `delayed` at most once and then `granted` or `refused`, unless the session goes before.
    static func begin(_ claim: SessionClaim, context: EdgeContext, tell: @escaping @Sendable (Outcome) -> Void) {
        context.leases.opened(claim)
        context.tasks.spawn {
            var claim = claim
            let patience = ContinuousClock.now + inTime
            var isServed = false
            while !Task.isCancelled, context.leases.isLive(claim.sessionID) {
                do throws(RPC.Failure) {
                    let grant = try await context.registry.register(claim, at: context.address)
                    tell(.granted(grant))
                    break
                } catch {
                    if mayComeAnew(claim, after: error) {
                        claim.clientToken = nil
                        context.leases.opened(claim)
                        continue
                    }
                    if mayGoUnnamed(claim, after: error) {
                        context.logger.notice(
                            "A target's name is taken; it is served without, and named when the name is free.",
                            metadata: [LogKeys.clientName: "\(claim.name ?? "")", LogKeys.reason: "\(error.message)"])
                        claim.name = nil
                        context.leases.opened(claim)
                        continue
                    }
                    guard error.reason.retcode == .unavailable else {
                        tell(.refused(error))
                        break
                    }
                    if !isServed, ContinuousClock.now >= patience {
                        tell(.delayed)
                        isServed = true
                    }
                    // Cancelled: the loop's condition ends it.
                    try? await Task.sleep(for: isServed ? .seconds(1) : .milliseconds(50))
                }
            }
            context.leases.settled(claim.sessionID)
        }
    }

    /// A name that somebody else has keeps no target out: perhaps that is the same target, at an edge that was killed a moment ago.
    private static func mayGoUnnamed(_ claim: SessionClaim, after failure: RPC.Failure) -> Bool {
        claim.name != nil && claim.granted == nil && failure.reason == .conflict
    }

    /// A client that may resume but came too late gets a new identity; any other unknown token is refused.
    private static func mayComeAnew(_ claim: SessionClaim, after failure: RPC.Failure) -> Bool {
        claim.clientToken != nil && claim.resumeSeconds != nil && failure.reason == .unauthorized
    }
}
