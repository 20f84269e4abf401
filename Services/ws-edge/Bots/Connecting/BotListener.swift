import Actions
import NIOCore
import NIOHTTP1
import OneBot
import SettingsReading
import WebSocketTransport

/// Lets in bots that dial us (OneBot 11, reverse WebSocket): who counts as a bot, and which may come in.
struct BotListener: Sendable {
    /// What bots must show (`bot_listener.access_token`); `nil`: nothing. Bots that are connected stay when it is
    /// replaced.
    let token: Reloadable<AccessToken?>
    /// Which web pages may connect as a bot where no token is asked for; as a rule none.
    var policy = DoorPolicy()

    static func token(following settings: Settings) -> Reloadable<AccessToken?> {
        let key = "bot_listener.access_token"
        return settings.reloadable {
            AccessToken($0.secret(key))
        } check: { current, next, newer in
            // A settings file that is half written, or gone, must not open what was closed.
            guard current != nil, next == nil else { return }
            newer.report(
                key, value: "",
                remedy: "It is gone, so that anybody might pose as a bot. Restart if that is what you want.")
        }
    }

    /// What a bot's upgrade request says of it.
    struct Introduction: Sendable, Hashable {
        /// `nil`: to be learnt.
        let selfID: SelfID?
        let role: ClientRole
    }

    /// Whether the request is a bot's: `/bot`, or any path with both `X-Self-ID` and `X-Client-Role`.
    static func isBot(_ request: UpgradeRequest) -> Bool {
        request.path == "/bot" || request.path == "/bot/"
            || (request.headers.contains(name: "X-Self-ID") && request.headers.contains(name: "X-Client-Role"))
    }

    /// `nil` where the request is no bot's.
    func decide(_ request: UpgradeRequest) -> UpgradeDecision? {
        guard Self.isBot(request) else { return nil }
        let token = token.value
        if token == nil,
            let refusal = policy.refusal(
                of: DoorPolicy.Visitor(request), atDoorWithout: "bot_listener.access_token")
        {
            return Self.reject(.forbidden, .forbidden, refusal)
        }
        let authorization = request.headers.first(name: "Authorization")
        let mistake = AccessTokens(everythingFor: token).mistake(authorization: authorization, target: request.target)
        let remedy = mistake.map { " \($0.remedy)" } ?? ""
        switch token?.verdict(authorization: authorization, query: request.query("access_token")) ?? .accepted {
        case .accepted: break
        case .missing:
            return Self.reject(
                .unauthorized, .unauthorized,
                "Bots must show a token: send `Authorization: Bearer` with the value of bot_listener.access_token."
                    + remedy)
        case .wrong:
            return Self.reject(
                .forbidden, .forbidden, "The token is not the one of bot_listener.access_token." + remedy)
        }
        do {
            _ = try Self.introduction(request)
            return .accept
        } catch {
            return Self.reject(.badRequest, .badRequest, error.message)
        }
    }

    struct IntroductionError: Error {
        let message: String
    }

    /// Reads `X-Self-ID` and `X-Client-Role`.
    static func introduction(_ request: UpgradeRequest) throws(IntroductionError) -> Introduction {
        var selfID: SelfID?
        if let text = request.headers.first(name: "X-Self-ID") {
            guard let found = SelfID(decimal: text), found.number > 0 else {
                throw IntroductionError(message: "X-Self-ID must be the bot's account, a positive number.")
            }
            selfID = found
        }
        guard let text = request.headers.first(name: "X-Client-Role") else {
            return Introduction(selfID: selfID, role: .universal)
        }
        guard let role = ClientRole.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else {
            throw IntroductionError(message: "X-Client-Role must be Universal, API or Event.")
        }
        return Introduction(selfID: selfID, role: role)
    }

    static func reject(_ status: HTTPResponseStatus, _ reason: FailureReason, _ message: String) -> UpgradeDecision {
        let body = Response.failed(reason, message).encoded(echo: nil)
        return .reject(status: status, body: String(buffer: body), headers: ["Content-Type": "application/json"])
    }
}
