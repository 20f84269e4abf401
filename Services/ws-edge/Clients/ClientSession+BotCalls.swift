import Actions
import Contracts
import NIOCore
import OneBot

/// A bot's own actions: which bot each is for, and the way there.
extension ClientSession {
    /// Sends an action to the bot it is for, or answers why not.
    func callBot(_ action: Action) {
        let wish = BotChoice.Wish(action.selfID)
        let (choice, presence) = (choice, context.presence.current)
        // Of those that are known here it may be the only one, and not the only one there is.
        if wish == .standard, choice.standard == .onlyBot, !presence.isComplete { return lookUp(wish, for: action) }
        do throws(RPC.Failure) {
            let bot = try choice.bot(wish, in: presence)
            let call = begin(action, of: bot)
            BotCall.publish(action, call: call, session: self, to: bot, timeout: patience(for: action))
        } catch {
            guard mayBeKnownElsewhere(wish, choice, presence) else {
                reply(error.response.encoded(echo: action.echo), to: .now())
                return
            }
            lookUp(wish, for: action)
        }
    }

    /// The bot that is named is not known here, or none is: somebody else may know it already, or know why there is
    /// none.
    private func mayBeKnownElsewhere(
        _ wish: BotChoice.Wish, _ choice: BotChoice, _ presence: PresenceReplica
    ) -> Bool {
        switch wish {
        case .bot(let bot): choice.scope.includes(bot)
        case .standard: presence.bots.isEmpty
        case .unreadable: false
        }
    }

    private func lookUp(_ wish: BotChoice.Wish, for action: Action) {
        var named: SelfID?
        if case .bot(let bot) = wish { named = bot }
        // Nobody's account where none is named: no link of a bot says anything of this call.
        let call = begin(action, of: named ?? SelfID(0))
        let (id, shard, dispatcher, choice, timeout) = (id, shard, context.dispatcher, choice, patience(for: action))
        context.tasks.spawn {
            do throws(RPC.Failure) {
                let bot = try await dispatcher.bot(wish, choice)
                shard.enqueue(
                    .onSession(id) { BotCall.publish(action, call: call, session: $0, to: bot, timeout: timeout) })
            } catch {
                shard.enqueue(.onSession(id) { $0.couldNotCall(call, error.response) })
            }
        }
    }

    private func patience(for action: Action) -> Duration { context.configuration.patience.patience(for: action.name) }

    /// The bot's edge counts its turn and, from sending, the bot's time; ours is the last resort, so it waits longer.
    private func begin(_ action: Action, of bot: SelfID) -> UInt64 {
        calls.begin(action, of: bot, at: .now(), timeout: TimeAmount(patience(for: action) + ActionPatience.grace))
    }

    /// An action that could not even be handed to the bot's edge.
    func couldNotCall(_ call: UInt64, _ response: Response) {
        if let call = calls.end(call) { reply(call.failed(response), to: call.began) }
    }
}
