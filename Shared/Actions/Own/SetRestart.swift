import Contracts
import Logging
import NIOCore
import Observability
import OneBot

extension OwnAction {
    /// ``SetRestart``, as the doors know it.
    public static let setRestart = OwnAction(
        "set_restart", caller: .nobody, bot: .required, mayBeRepeated: false
    ) { call async throws(RPC.Failure) in
        try await SetRestart(call.params).perform(for: call.choice, using: call.dispatcher)
    }
}

/// `set_restart`: answers at once, and restarts the bot after `delay`: its program where Perpetua runs it, else the
/// bot is asked to. One restart of a bot at a time: see ``RestartBook`` for what waits here, ``RestartGate`` for what
/// is carried out.
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
        let bot = try await dispatcher.bot(bot, choice)
        let presence = try await dispatcher.presence { $0.bots[bot] != nil }
        guard let known = presence.bots[bot] else {
            _ = try choice.bot(.bot(bot), in: presence)  // 1404, or 1503 where there is none at all
            return .async
        }
        let (epoch, due) = (known.epoch, NIODeadline.now() + TimeAmount(delay))
        switch dispatcher.pendingRestarts.ask(for: bot, epoch: epoch, due: due) {
        case .begin(let number): wait(number, then: restart(known, using: dispatcher), of: known, using: dispatcher)
        case .underWay: dispatcher.noteRestart("A restart is asked for again; one is under way.", of: bot)
        case .full:
            throw RPC.Failure(
                .rateLimited(retryAfter: .seconds(60)),
                "set_restart: \(RestartBook.limit) restarts are waiting for their delay to end. Try again later.")
        }
        return .async
    }

    private func wait(
        _ number: Int, then restart: @escaping @Sendable () async -> Void, of known: OnlineBot,
        using dispatcher: ActionDispatcher
    ) {
        let bot = known.selfID
        dispatcher.spawn { [delay] in
            do {
                try await dispatcher.sleep(delay)
            } catch {
                // This service is ending, and with it the restart that waited for its delay.
                return dispatcher.pendingRestarts.end(number, of: bot)
            }
            let epoch = (dispatcher.presence.current.bots[bot] ?? known).epoch
            if dispatcher.pendingRestarts.isDue(number, of: bot, epoch: epoch) {
                await restart()
            } else {
                dispatcher.noteRestart(
                    "A restart was dropped: the bot has connected anew since it was asked for.", of: bot)
            }
        }
    }

    /// What is to be done once the delay is over.
    private func restart(_ known: OnlineBot, using dispatcher: ActionDispatcher) -> @Sendable () async -> Void {
        let bot = known.selfID
        if known.isSupervised {
            return {
                let edge = dispatcher.presence.current.bots[bot]?.edge ?? known.edge
                // The caller has its answer; the edge logs what goes wrong.
                try? await dispatcher.edges.restartBot(bot, at: edge)
            }
        }
        // The delay is over when this is called: the bot must not wait once more.
        let action = Action(name: OwnAction.setRestart.name, params: params.removing("delay"))
        return { _ = await dispatcher.bots.call(action, of: bot) }
    }
}

extension ActionDispatcher {
    fileprivate func noteRestart(_ sentence: Logger.Message, of bot: SelfID) {
        logger?.info(sentence, metadata: [LogKeys.selfID: "\(bot)"])
    }
}
