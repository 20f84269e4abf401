public import Contracts
public import OneBot

extension ActionDispatcher {
    /// What the registry published before it said how far it is comes to us before its answer: normally nobody waits. Longer than that is
    /// waited for nothing: then something was lost.
    private static let presencePatience = Duration.seconds(1)

    /// Finds something among those who are online: as far as this process knows, and if it is not there, among those who are online now.
    /// - Throws: what `look` throws in the end; the registry's answer where we know nobody at all.
    public func find<Found>(
        _ look: (PresenceReplica) throws(RPC.Failure) -> Found
    ) async throws(RPC.Failure) -> Found {
        let known = presence.current
        // What is missed may be news.
        if known.isComplete, let found = try? look(known) { return found }
        return try look(try await presenceNow())
    }

    /// The bot an action is for. What is not known here the registry is asked about.
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

    /// Who is online now: everything in it that anybody, anywhere, was told before this was called. A registry that does not answer leaves us with
    /// what we know, if that is anything.
    /// - Throws: the registry's answer where we know nobody at all.
    func presenceNow() async throws(RPC.Failure) -> PresenceReplica {
        do throws(RPC.Failure) {
            let position = try await position.ask()
            if presence.current.isComplete, await presence.reaches(position, within: Self.presencePatience) {
                let known = presence.current
                if known.isComplete { return known }
            }
            // Into a replica of our own: what the process's replica learns, it must announce.
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
