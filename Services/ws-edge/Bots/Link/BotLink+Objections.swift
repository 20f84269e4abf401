import Actions
import Bus
import Contracts
import Logging
import NIOCore
import OneBot

/// Actions that could be sent to the bot, and are not.
extension BotLink {
    /// Whether a restart that is asked for now is to be sent; where not, the log says so.
    func beginRestart(at now: NIODeadline) -> Bool {
        if restarts.begin(at: now) { return true }
        logger.info("A restart is asked for again; the bot has not connected anew since the last one.")
        return false
    }

    /// What is answered to an action that names another bot; `nil` where it does not. A session has chosen the bot by
    /// what the action says; whoever publishes by himself may have the wrong key.
    func objection(to frame: JSONObject, from asker: MessageProperties) -> Response? {
        guard asker.appID != ServiceName.edge.rawValue else { return nil }
        return Action.selfID(in: frame).flatMap(objection(to:))
    }

    private func objection(to selfID: JSONText) -> Response? {
        switch BotChoice.Wish(selfID) {
        case .standard: nil
        case .bot(let named) where named == bot: nil
        case .bot(let named):
            .failed(
                .badRequest,
                "`self_id` names bot \(named), and the action came to bot \(bot). Publish it with the key \(named), or "
                    + "leave out self_id."
            )
        case .unreadable(let what):
            .failed(.badRequest, "`self_id` is \(what), and no account number. Send \(bot), or leave it out.")
        }
    }
}
