import Actions
import Bus
import Contracts
import OneBot

extension Action {
    /// The answer to an action that names another bot than the one it came to; `nil` where it does not. An edge has
    /// chosen the bot by what the action says, so that its actions are not looked at; a program that publishes by
    /// itself may use the wrong key.
    static func objection(to frame: JSONObject, from asker: MessageProperties, at bot: SelfID) -> Response? {
        guard asker.appID != ServiceName.edge.rawValue else { return nil }
        return Action.selfID(in: frame).flatMap { objection(to: $0, at: bot) }
    }

    private static func objection(to selfID: JSONText, at bot: SelfID) -> Response? {
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
