import Actions
import Contracts
import Logging
import NIOCore
import Observability
import OneBot

/// A bot's own actions: which bot each is for, and the way there.
extension ClientSession {
    /// An action whose bot somebody else is asked about, and those that came behind it.
    struct Lookup {
        let action: Action
        let call: UInt64
        let wish: BotChoice.Wish
    }

    private enum Verdict {
        case bot(SelfID)
        case refused(RPC.Failure)
        /// It is not known here: somebody else may know it already, or know why there is none.
        case unknown
    }

    /// Sends an action to the bot it is for, or answers why not.
    func callBot(_ action: Action) {
        let wish = BotChoice.Wish(action.selfID)
        let verdict = lookups.isEmpty ? verdict(on: wish) : .unknown
        switch verdict {
        case .bot(let bot): send(action, call: begin(action, of: bot), to: bot)
        case .refused(let failure): reply(failure.response.encoded(echo: action.echo), to: .now())
        case .unknown:
            // None overtakes another one.
            lookups.append(Lookup(action: action, call: begin(action, of: nil), wish: wish))
            if lookups.count == 1 { lookUp(wish) }
        }
    }

    private func verdict(on wish: BotChoice.Wish) -> Verdict {
        let (choice, presence) = (choice, services.presence.current)
        // Of those that are known here it may be the only one, and not the only one there is.
        if wish == .standard, choice.standard == .onlyBot, !presence.isComplete { return .unknown }
        do throws(RPC.Failure) {
            return .bot(try choice.bot(wish, in: presence))
        } catch {
            let mayBeKnownElsewhere =
                switch wish {
                case .bot(let bot): choice.scope.includes(bot)
                case .standard: presence.bots.isEmpty
                case .unreadable: false
                }
            return mayBeKnownElsewhere ? .unknown : .refused(error)
        }
    }

    private func lookUp(_ wish: BotChoice.Wish) {
        let (id, home, dispatcher, choice) = (id, home, services.dispatcher, choice)
        services.tasks.spawn {
            let verdict: Verdict
            do throws(RPC.Failure) {
                verdict = .bot(try await dispatcher.bot(wish, choice))
            } catch {
                verdict = .refused(error)
            }
            home.run(id) { $0.lookedUp(verdict) }
        }
    }

    /// What the oldest was looked up for, and then the others in order, as far as their bots are known.
    private func lookedUp(_ verdict: Verdict) {
        var verdict = verdict
        while let next = lookups.first {
            switch verdict {
            case .bot(let bot): if calls.address(next.call, to: bot) { send(next.action, call: next.call, to: bot) }
            case .refused(let failure): couldNotCall(next.call, failure.response)
            case .unknown: return lookUp(next.wish)
            }
            lookups.removeFirst()
            if let next = lookups.first { verdict = self.verdict(on: next.wish) }
        }
    }

    private func send(_ action: Action, call: UInt64, to bot: SelfID) {
        let trace = TraceParent.make()
        let (id, home, name) = (id, home, action.name)
        if services.logger.logLevel <= .trace {
            logger.trace(
                "An action goes to a bot.",
                metadata: [LogKeys.action: "\(name)", LogKeys.selfID: "\(bot)", LogKeys.traceID: "\(trace.traceID)"])
        }
        services.calls.publish(
            action, CallID(session: id, call: call), messageID: messageIDPrefix + String(call),
            priority: upgrade.priority, trace: trace, to: bot, timeout: patience(for: action)
        ) { outcome in
            guard let response = BotCalls.refusal(outcome, name, bot) else { return }
            home.run(id) { $0.couldNotCall(call, response) }
        }
    }

    private func patience(for action: Action) -> Duration { services.configuration.patience.patience(for: action.name) }

    /// The bot's edge counts its turn and, from sending, the bot's time; ours is the last resort, so it waits longer.
    private func begin(_ action: Action, of bot: SelfID?) -> UInt64 {
        calls.begin(action, of: bot, at: .now(), timeout: TimeAmount(patience(for: action) + ActionPatience.grace))
    }

    /// An action that could not even be handed to the bot's edge.
    func couldNotCall(_ call: UInt64, _ response: Response) {
        if let call = calls.end(call) { reply(call.failed(response), to: call.began) }
    }
}
