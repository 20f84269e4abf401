import Actions
import Contracts
import Logging
import Observability
import OneBot

/// Makes a new session known to the registry: before its first frame if the registry answers within 2 s, else later, as
/// often as it takes.
struct Registration: Sendable {
    let registry: RegistryClient
    let address: EdgeAddress
    let leases: LeaseKeeper
    let tasks: BackgroundTasks
    let logger: Logger

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
    func begin(_ claim: SessionClaim, tell: @escaping @Sendable (Outcome) -> Void) {
        leases.opened(claim)
        tasks.spawn {
            var claim = claim
            let patience = ContinuousClock.now + Self.inTime
            var isServed = false
            while !Task.isCancelled, leases.isLive(claim.sessionID) {
                do throws(RPC.Failure) {
                    let grant = try await registry.register(claim, at: address)
                    tell(.granted(grant))
                    break
                } catch {
                    if Self.mayComeAnew(claim, after: error) {
                        claim.clientToken = nil
                        leases.opened(claim)
                        continue
                    }
                    if Self.mayGoUnnamed(claim, after: error) {
                        logger.notice(
                            "A target's name is taken; it is served without, and named when the name is free.",
                            metadata: [LogKeys.clientName: "\(claim.name ?? "")", LogKeys.reason: "\(error.message)"])
                        claim.name = nil
                        leases.opened(claim)
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
            leases.settled(claim.sessionID)
        }
    }

    /// A name that somebody else has does not keep a target out, which then comes in without it: perhaps that other one
    /// is the same target, at an edge that was killed a moment ago.
    private static func mayGoUnnamed(_ claim: SessionClaim, after failure: RPC.Failure) -> Bool {
        claim.name != nil && claim.granted == nil && failure.reason == .conflict
    }

    /// A client that may resume but came too late gets a new identity; any other unknown token is refused.
    private static func mayComeAnew(_ claim: SessionClaim, after failure: RPC.Failure) -> Bool {
        claim.clientToken != nil && claim.resumeSeconds != nil && failure.reason == .unauthorized
    }
}
