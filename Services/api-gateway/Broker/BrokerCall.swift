import Actions
import Bus
import Contracts
import NIOCore
import OneBot

/// What a message to the gateway means: which of our own actions it calls, or why it calls none.
enum BrokerCall: Sendable {
    case own(OwnAction, Request)
    /// The response to give.
    case refused(ByteBuffer)

    struct Request: Sendable {
        let params: JSONObject?
        /// To be given back as it was written; `nil` where there was none.
        let echo: ByteBuffer?
        /// Who is calling: the header `client_token`.
        let clientToken: String?
    }

    static let tokenHeader = "client_token"

    /// - Parameter redelivered: another gateway ended while it had this message.
    init(_ message: Message, redelivered: Bool, exchanges: Exchanges) {
        let action: Action
        do throws(Action.ParsingError) {
            action = try Action(parsing: message.body)
        } catch {
            self = .refused(error.response)
            return
        }
        let request = Request(
            params: action.params, echo: action.echo, clientToken: message.properties.headers[Self.tokenHeader])
        func refuse(_ reason: FailureReason, _ text: String) -> BrokerCall {
            .refused(Response.failed(reason, text).encoded(echo: action.echo))
        }
        if action.hasInvalidParameters {
            self = refuse(.badRequest, "`params` must be an object. Send one, or leave it out.")
        } else if let own = OwnAction(calledOverAMQP: action.name) {
            if redelivered, !own.mayBeRepeated {
                self = .refused(
                    Response.failed(
                        .unavailable(.unknown),
                        "\(action.name): the gateway that had it has ended; it may have been carried out all the same. "
                            + "Check before repeating it."
                    ).encoded(echo: action.echo))
            } else {
                self = .own(own, request)
            }
        } else {
            self = refuse(
                .notFound,
                "\(action.name.prefix(128)) is no action of Perpetua's own. Publish a bot's actions to "
                    + "\(exchanges.actions.name) with the bot's account number as the routing key.")
        }
    }
}
