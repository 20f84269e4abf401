public import Contracts
public import OneBot

extension ActionDispatcher {
    /// How long we wait for the changes up to the registry's position. The registry publishes them before it answers,
    /// so that normally nobody waits; after this time some of them were lost.
    private static let presencePatience = Duration.seconds(1)

    /// Finds something among those who are online: first as far as this process knows, and where that fails, among
    /// those who are online now.
    /// - Throws: what `look` throws in the end; the registry's answer where we know nobody at all.
    public func find<Found>(
        _ look: (PresenceReplica) throws(RPC.Failure) -> Found
    ) async throws(RPC.Failure) -> Found {
        let known = presence.current
        // What is not found here may be new.
        if known.isComplete, let found = try? look(known) { return found }
        return try look(try await presenceNow())
    }

    /// The bot an action is for. Where it is not known here, the registry is asked.
    /// - Throws: what ``BotChoice/bot(_:in:)`` does.
    public func bot(_ wish: BotChoice.Wish, _ choice: BotChoice) async throws(RPC.Failure) -> SelfID {
        try choice.check(wish)
        if case (.standard, .bot(let bot)) = (wish, choice.standard) { return bot }
        do throws(RPC.Failure) {
            return try await find { presence throws(RPC.Failure) in try choice.bot(wish, in: presence) }
        } catch {
            let known = presence.current
            guard known.bots.isEmpty, error.reason.retcode == .unavailable else { throw error }
            let troubles = await botTroubles.sentences(of: known, by: edges)
            if troubles.isEmpty { throw error }
            throw RPC.Failure(
                .unavailable(.no()), "\(troubles.joined(separator: " ")) Until then there is no bot to call.")
        }
    }

    /// Who is online, as far as this process knows, where that suffices; else who is online now.
    /// - Throws: the registry's answer where we know nobody at all.
    func presence(where suffices: (PresenceReplica) -> Bool) async throws(RPC.Failure) -> PresenceReplica {
        let known = presence.current
        return suffices(known) ? known : try await presenceNow()
    }

    /// Who is online now, with every change that anybody, anywhere, was told of before this was called. Where the
    /// registry does not answer, it is what this process knows, if it knows anybody.
    /// - Throws: the registry's answer where we know nobody at all.
    func presenceNow() async throws(RPC.Failure) -> PresenceReplica {
        do throws(RPC.Failure) {
            let position = try await position.ask()
            if presence.current.isComplete, await presence.reaches(position, within: Self.presencePatience) {
                let known = presence.current
                if known.isComplete { return known }
            }
            // The snapshot goes into a replica of its own: whatever the process's replica learns has to be announced.
            var fresh = PresenceReplica()
            _ = fresh.replace(with: try await registry.snapshot())
            return fresh
        } catch {
            let known = presence.current
            if !known.isComplete, known.clients.isEmpty, known.bots.isEmpty { throw error }
            return known
        }
    }
}
