public import Bus
public import Contracts
public import NIOCore
public import OneBot

/// Calls a bot over the bus and waits for its answer: for doors that have no session (HTTP, `set_restart`).
public struct BotActionCaller: Sendable {
    let requester: Requester
    let exchanges: Exchanges
    let patience: ActionPatience

    public init(requester: Requester, exchanges: Exchanges, patience: ActionPatience) {
        self.requester = requester
        self.exchanges = exchanges
        self.patience = patience
    }

    /// The bot's response as it sent it (without an echo), or a `failed` one of ours: 1503 at once where nobody holds
    /// the bot's link, 1504 where it does not answer in time.
    /// - Parameter priority: 0 to 9: among actions that wait for their turn, those with the higher one go first.
    public func call(_ action: Action, of bot: SelfID, priority: UInt8? = nil) async -> ByteBuffer {
        // The holder of the link drops a repeated `message_id`, so that no action is ever sent twice.
        var properties = MessageProperties("action", from: nil)
        properties.priority = priority
        do throws(MessageBusError) {
            return try await requester.request(
                Message(action.frame, properties), to: exchanges.actions, key: Exchanges.actionKey(bot),
                timeout: patience.patience(for: action.name) + ActionPatience.grace
            ).body
        } catch {
            return Self.response(to: error, action: action.name, bot: bot).encoded(echo: nil)
        }
    }

    /// As ``call(_:of:priority:)``, for bots that answer in parts.
    /// - Parameter limits: how far whoever reads the answers may fall behind.
    public func answers(
        to action: Action, of bot: SelfID, priority: UInt8? = nil, limits: OutboundLimits
    ) -> BotAnswers {
        var properties = MessageProperties("action", from: nil)
        properties.priority = priority
        let parts = AnswerParts(maxBytes: limits.bytes, maxAge: TimeAmount(limits.age))
        let end = requester.ask(
            Message(action.frame, properties), to: exchanges.actions, key: Exchanges.actionKey(bot),
            timeout: patience.patience(for: action.name) + ActionPatience.grace, parts: parts)
        return BotAnswers(action: action.name, bot: bot, parts: parts, end: end)
    }

    private static let uncertain = "it may have been carried out all the same. Check before repeating it."

    /// What a failure of the bus means to the bot's caller.
    static func response(to error: MessageBusError, action: String, bot: SelfID) -> Response {
        switch error {
        case .unroutable:
            .failed(
                .unavailable(error.carriedOut), "\(action): bot \(bot) is not connected. Try again once it is back.")
        case .timedOut:
            .failed(.timedOut(error.carriedOut), "\(action): bot \(bot) did not answer in time; \(uncertain)")
        case .rejected(let reason):
            .failed(.tooLarge, "\(action): the bus refused it (\(reason)). Send less at once.")
        case .unreachable(let reason):
            .failed(.unavailable(error.carriedOut), "\(action) was not sent: \(reason) Try again later.")
        case .disconnected:
            .failed(
                .unavailable(error.carriedOut),
                "\(action): the connection to bot \(bot), or to the bus, was lost; \(uncertain)")
        case .closed:
            .failed(.unavailable(error.carriedOut), "\(action): this service is stopping; \(uncertain)")
        case .locked, .differs, .noSuchQueue, .noSuchExchange:
            .failed(.unavailable(error.carriedOut), "\(action): the bus cannot take it now. \(error)")
        }
    }
}
