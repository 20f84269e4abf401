import Actions
import Contracts
import NIOCore
import NIOHTTP1
import OneBot
import SettingsReading
import WebSocketTransport

/// What a client asks for when it connects: read from path, query and headers of the upgrade request (docs/contract.md
/// §3), and where these say nothing, from the settings.
struct ClientUpgrade: Sendable, Hashable {
    /// Which bot's events and actions the connection is for.
    enum Binding: Sendable, Hashable {
        /// The first configured one, once it is known.
        case defaultBot
        case bot(SelfID)
        /// `?self_id=*`: all of them.
        case everyBot
        /// `?self_id=*` with a token for these only.
        case bots([SelfID])
    }

    /// What the token shown is for.
    var scope = TokenScope.everything
    var role: ClientRole = .universal
    var binding: Binding = .defaultBot
    /// `?client_token=`: binds to a port lease, or resumes an earlier session.
    var clientToken: String?
    /// `?resume=SECONDS`, 1 to 86 400.
    var resumeSeconds: Int?
    /// `?group=`: it shares its bot's events with the others of that group; `nil`: it gets all of them.
    var group: String?
    /// Which events it wants, and how.
    var choices = ClientChoices()

    /// What the session's claim says: the bots whose events a member of a group shares, where there are several and not
    /// all.
    var groupBots: [SelfID]? {
        guard group != nil, case .bots(let bots) = binding else { return nil }
        return bots
    }

    /// `?priority=`, 0 to 9: where the client's actions wait for their turn at a bot (``Pacer``), the higher go first.
    var priority: UInt8?

    /// Why an upgrade is refused: a response's retcode and sentence, and the HTTP status that belongs to it.
    struct Refusal: Error, Hashable {
        let reason: FailureReason
        let message: String

        init(status reason: FailureReason, message: String) {
            self.reason = reason
            self.message = message
        }

        var status: HTTPResponseStatus { HTTPResponseStatus(statusCode: reason.retcode.rawValue - 1000) }

        var decision: UpgradeDecision {
            let response = Response.failed(reason, message)
            return .reject(status: status, body: String(buffer: response.encoded(echo: nil)))
        }
    }

    init() {}

    /// - Parameters:
    ///   - defaults: what counts where the client does not choose.
    ///   - chosen: what takes precedence over the defaults for a client that shows one of these tokens.
    init(
        _ request: inout ClientQuery, tokens: AccessTokens, defaults: ClientChoices = ClientChoices(),
        chosen: TokenChoices = TokenChoices()
    ) throws(Refusal) {
        let scope = try Self.scope(shownBy: request.request, among: tokens)
        if let upgrade = chosen[scope] { self = upgrade } else { choices = defaults }
        self.scope = scope
        switch request.request.path {
        case "/api", "/api/": role = .api
        case "/event", "/event/": role = .event
        default: role = .universal
        }
        if let text = request.query("self_id") ?? request.request.headers.first(name: "X-Self-ID") {
            if text == "*" {
                binding = .everyBot
            } else if let bot = SelfID(decimal: text) {
                binding = .bot(bot)
            } else {
                throw Refusal(
                    status: .badRequest, message: "self_id is “\(text)”. Send the account's number, or * for every bot."
                )
            }
        }
        clientToken = request.query("client_token").flatMap { $0.isEmpty ? nil : $0 }
        if let text = request.query("resume") {
            guard let seconds = Int(text), 1...86_400 ~= seconds else {
                throw Refusal(
                    status: .badRequest, message: "resume is “\(text)”. Send a number of seconds from 1 to 86400.")
            }
            resumeSeconds = seconds
        }
        if let text = request.query("priority") {
            guard let number = UInt8(text), 0...9 ~= number else {
                throw Refusal(status: .badRequest, message: "priority is “\(text)”. Send a number from 0 to 9.")
            }
            priority = number
        }
        if let text = request.query("group") {
            guard Exchanges.isWord(text) else {
                throw Refusal(
                    status: .badRequest,
                    message: "group is “\(text)”. Send 1 to 48 of the characters A-Z, a-z, 0-9, _ and -.")
            }
            group = text
        }
        choices = try ClientChoices(&request, defaults: choices)
    }
}

/// What an entry of `tokens[]`, `reverse_websockets[]` or `webhooks[]` chooses for its clients.
extension ClientUpgrade {
    /// - `….post_types` and the other choices of a client. Default: those of everybody.
    /// - `….group`: it shares its bot's events with the other clients of that group. Default: none.
    /// - `….priority`: 0 to 9, of its actions where they wait for their turn at a bot. Default: 0.
    /// - Parameter defaults: the choices of everybody.
    init(_ settings: Settings, entry: String, over defaults: ClientChoices? = nil) {
        choices = ClientChoices(settings, prefix: entry, over: defaults)
        group = settings.optionalString("\(entry).group")
        priority = settings.optionalInt("\(entry).priority", in: 0...9).map { UInt8($0) }
        if let group, !Exchanges.isWord(group) {
            settings.report("\(entry).group", value: group, remedy: "Use 1 to 48 letters, digits, _ or -.")
        }
    }
}
