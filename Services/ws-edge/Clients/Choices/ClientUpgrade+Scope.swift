import Actions
import NIOHTTP1
import OneBot
import WebSocketTransport

/// What the token shown allows of what was asked for.
extension ClientUpgrade {
    /// - Throws: 401 where no token was shown, 403 where a wrong one was.
    static func scope(shownBy request: UpgradeRequest, among tokens: AccessTokens) throws(Refusal) -> TokenScope {
        let authorization = request.headers.first(name: "Authorization")
        let status: FailureReason
        let message: String
        switch tokens.verdict(authorization: authorization, query: request.query("access_token")) {
        case .accepted(let scope): return scope
        case .missing:
            status = .unauthorized
            message = "A token is needed here. Send Authorization: Bearer TOKEN or ?access_token=TOKEN."
        case .wrong:
            status = .forbidden
            message = "The token is wrong. Compare it with access_token and tokens[] in Perpetua's configuration."
        }
        let mistake = tokens.mistake(authorization: authorization, target: request.target)
        throw Refusal(status: status, message: message + (mistake.map { " \($0.remedy)" } ?? ""))
    }

    /// Keeps to the token's scope: a universal client without events becomes one for actions only; a client that names
    /// no bot, or every one, gets the bots of the scope.
    /// - Parameter standard: the bot meant where none is named, if it is known.
    /// - Throws: 403 for a bot that is out of the scope, and for `/event` without events.
    mutating func confineToScope(defaultBot standard: SelfID?) throws(Refusal) {
        if let refusal = scope.refusalOfEvents {
            switch role {
            case .event: throw Refusal(status: .forbidden, message: refusal)
            case .universal: role = .api
            case .api: break
            }
        }
        switch binding {
        case .bot(let bot):
            if let refusal = scope.refusal(ofBot: bot) { throw Refusal(status: .forbidden, message: refusal) }
        case .defaultBot: binding = scope.bot(insteadOf: standard).map(Binding.bot) ?? .defaultBot
        case .everyBot, .bots: binding = scope.bots.map(Binding.bots) ?? .everyBot
        }
    }
}
