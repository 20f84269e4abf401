import Actions
import Bus
import Contracts
import OneBot

extension Action {
    /// The answer to an action that names another bot than the one it came to; `nil` where it does not. An action
    /// that came through an edge is not checked, since the edge chose the bot by it; a program on the broker may have
    /// used the wrong key.
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
