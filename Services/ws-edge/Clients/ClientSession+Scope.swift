import Actions
import OneBot

extension ClientSession {
    /// Why the token this client has shown is not for that action; `nil` where it is. Which bot a bot's own action is for is another
    /// question (``ActionTarget``).
    func refusal(of action: Action) -> Response? {
        let scope = upgrade.scope
        if let sentence = scope.refusal(ofAction: action.name) { return .failed(.forbidden, sentence) }
        guard scope.bots != nil, let name = ActionDispatcher.Name(rawValue: action.name) else { return nil }
        switch name {
        case .getOnlineClients, .setClientName, .sendBroadcastData, .sendBroadcastDataCallback: return nil
        case .getWSPort, .setRestart:
            if let bot = ActionTarget.named(in: action) {
                return scope.refusal(ofBot: bot).map { .failed(.forbidden, $0) }
            }
            guard name == .setRestart else { return nil }
            if case .bots(let bots) = state.binding, bots.count > 1 {
                let list = bots.map(\.description).joined(separator: ", ")
                return .failed(.badRequest, "Several bots are meant: name one in params.self_id (\(list)).")
            }
            // Without a bot of ours the default one would be restarted, whichever that is.
            guard state.bot == nil else { return nil }
            return .unavailable("No bot that the token is for has connected yet; try again when one has.")
        }
    }
}
