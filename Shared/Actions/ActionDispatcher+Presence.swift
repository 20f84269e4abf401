public import Contracts
import OneBot

extension ActionDispatcher {
    /// Who is online, as far as this process knows; where that is not everything, the registry is asked.
    /// - Throws: the registry's answer where we know nobody at all.
    public func completePresence() async throws(RPC.Failure) -> PresenceReplica {
        try await presence { _ in false }
    }

    /// Who is online, as far as this process knows; the registry is asked only where that is known to be incomplete and
    /// `suffices` misses somebody. A registry that does not answer leaves us with what we know, if that is anything.
    /// - Throws: the registry's answer where we know nobody at all.
    func presence(where suffices: (PresenceReplica) -> Bool) async throws(RPC.Failure) -> PresenceReplica {
        let known = presence.current
        if known.isComplete || suffices(known) { return known }
        do throws(RPC.Failure) {
            // Into a replica of our own: what the process's replica learns, it must announce.
            var fresh = PresenceReplica()
            _ = fresh.replace(with: try await registry.snapshot())
            return fresh
        } catch {
            if known.clients.isEmpty, known.bots.isEmpty { throw error }
            return known
        }
    }
}
