import Actions
import Contracts
import NIOCore
import OneBot

/// A bot's own actions: which bot each is for, and the way there.
extension ClientSession {
    /// Sends an action to the bot it is for, or answers why not.
    func callBot(_ action: Action) {
        let wish = BotChoice.Wish(action.selfID)
        do throws(RPC.Failure) {
            let bot = try choice.bot(wish, in: context.presence.current)
            BotCall.publish(
                action, call: begin(action, of: bot), session: self, to: bot, timeout: patience(for: action))
        } catch {
            guard case .bot(let bot) = wish, choice.scope.includes(bot) else {
                reply(error.response.encoded(echo: action.echo), to: .now())
                return
            }
            lookUp(bot, for: action)
        }
    }

    /// The bot that is named is not known here: somebody else may know it already.
    private func lookUp(_ bot: SelfID, for action: Action) {
        let call = begin(action, of: bot)
        let (id, shard, dispatcher, choice, timeout) = (id, shard, context.dispatcher, choice, patience(for: action))
        context.tasks.spawn {
            do throws(RPC.Failure) {
                let bot = try await dispatcher.bot(.bot(bot), choice)
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
        calls.begin(action, of: bot, at: .now(), timeout: TimeAmount(patience(for: action)) + .seconds(5))
    }

    /// An action that could not even be handed to the bot's edge.
    func couldNotCall(_ call: UInt64, _ response: Response) {
        if let call = calls.end(call) { reply(call.failed(response), to: call.began) }
    }
}
