import Contracts
import OneBot
import Synchronization

/// `set_restart`: answers at once, and restarts the bot after `delay`: its program where Perpetua runs it, else the
/// bot is asked to.
struct SetRestart {
    private static let maxDelay: Duration = .seconds(3600)
    private let params: Parameters
    private let delay: Duration
    private let bot: BotChoice.Wish

    init(_ params: Parameters) throws(RPC.Failure) {
        self.params = params
        let remedy = "milliseconds from 0 to \(Int(Self.maxDelay / .milliseconds(1)))"
        let milliseconds = try params.optionalNumber("delay", send: remedy) ?? 0
        guard (0...Self.maxDelay / .milliseconds(1)).contains(milliseconds) else {
            throw params.mistake("delay", is: milliseconds < 0 ? "negative" : "too long", send: remedy)
        }
        delay = .milliseconds(milliseconds)
        bot = BotChoice.Wish(params["self_id"])
    }

    func perform(for choice: BotChoice, using dispatcher: ActionDispatcher) async throws(RPC.Failure) -> Response {
        let restart = try await restart(for: choice, using: dispatcher)
        guard dispatcher.pendingRestarts.begin() else {
            throw RPC.Failure(
                .rateLimited,
                "set_restart: \(PendingRestarts.limit) restarts are waiting for their delay to end. Try again later.",
                retryAfter: .seconds(60))
        }
        dispatcher.spawn { [delay] in
            defer { dispatcher.pendingRestarts.end() }
            do {
                try await dispatcher.sleep(delay)
            } catch {
                return  // This service is ending; so does what it had put off.
            }
            await restart()
        }
        return .async
    }

    /// What is to be done once the delay is over.
    private func restart(
        for choice: BotChoice, using dispatcher: ActionDispatcher
    ) async throws(RPC.Failure) -> @Sendable () async -> Void {
        let bot = try await dispatcher.bot(bot, choice)
        let presence = try await dispatcher.presence { $0.bots[bot] != nil }
        _ = try choice.bot(.bot(bot), in: presence)
        if let known = presence.bots[bot], known.isSupervised {
            return {
                // The caller has its answer; the edge logs what goes wrong.
                try? await dispatcher.edges.restartBot(bot, at: known.edge)
            }
        }
        // The delay is served here: the bot is not to wait once more.
        let action = Action(name: ActionDispatcher.Name.setRestart.rawValue, params: params.removing("delay"))
        return { _ = await dispatcher.bots.call(action, of: bot) }
    }
}

/// How many restarts wait for their delay: bounded, since each holds a task for up to an hour.
final class PendingRestarts: Sendable {
    static let limit = 256
    private let count = Mutex(0)

    /// False where the bound is reached.
    func begin() -> Bool {
        count.withLock { count in
            guard count < Self.limit else { return false }
            count += 1
            return true
        }
    }

    func end() { count.withLock { $0 -= 1 } }
}
