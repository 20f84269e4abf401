import Actions
import NIOCore
import OneBot

extension ClientSession {
    /// Why the token this client has shown is not for that action; `nil` where it is. Which bot a bot's own action is for is another
    /// question (``ActionTarget``).
    func refusal(of action: Action) -> Response? {
        let scope = upgrade.scope
        if let sentence = scope.refusal(ofAction: action.name) { return .failed(.forbidden, sentence) }
        guard scope.bots != nil, let name = ActionDispatcher.Name(called: action.name) else { return nil }
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

    /// What an action of ours is given. A restart is never left to the default bot where this client is for another one: who is calling may not
    /// be known yet, nor the bot it has asked for.
    func params(of job: OwnActions.Job) -> JSONObject? {
        guard job.name == .setRestart, client == nil || state.bot == nil else { return job.action.params }
        var bound = state.bot
        if bound == nil, case .bot(let bot) = state.binding { bound = bot }
        return Self.params(of: job.action, for: bound)
    }

    /// The parameters, naming that bot where they name none.
    static func params(of action: Action, for bot: SelfID?) -> JSONObject? {
        let named = action.params?["self_id"]
        guard let bot, named == nil || named?.isNull == true || named?.string?.isEmpty == true else {
            return action.params
        }
        let number = ByteBuffer(string: bot.description)
        // `try?`: what was an object stays one, and the other one is written here.
        return try? JSONObject(
            action.params?.setting("self_id", to: number) ?? ByteBuffer(string: "{\"self_id\":\(bot)}"))
    }
}
