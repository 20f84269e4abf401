import Bus
import Contracts
import NIOCore
import Observability
import OneBot

/// Puts clients' actions on the bus, untouched; the answers come back to the edge's inbox.
struct BotCalls: Sendable {
    let bus: any MessageBus
    let actions: Exchange
    /// The queue answers come back to.
    let inbox: QueueName

    /// - Parameter ended: hears what became of the message.
    func publish(
        _ action: Action, _ call: CallID, messageID: String, priority: UInt8?, trace: TraceParent, to bot: SelfID,
        timeout: Duration, ended: @escaping @Sendable (PublishOutcome) -> Void
    ) {
        var properties = MessageProperties("action", from: .edge, id: messageID, trace: trace)
        properties.replyTo = inbox
        properties.correlationID = call.text
        properties.expiration = timeout
        properties.priority = priority
        bus.publish(
            Message(action.frame, properties), to: actions, key: Exchanges.actionKey(bot), mandatory: true, then: ended)
    }

    /// What is answered where it was not taken; `nil` where it was.
    static func refusal(_ outcome: PublishOutcome, _ action: String, _ bot: SelfID) -> Response? {
        switch outcome {
        case .confirmed: nil
        case .unroutable: .failed(.unavailable(.no()), "Bot \(bot) is not connected; try again when it is back.")
        case .rejected(let reason): .failed(.tooLarge, "\(action) cannot be sent to bot \(bot): \(reason).")
        case .unreachable(let reason): .failed(.unavailable(.no()), "\(action) was not sent to bot \(bot): \(reason)")
        case .unknown:
            .failed(.unavailable(.unknown), "The bus was lost while sending \(action); it may have been carried out.")
        case .notStored:
            .failed(
                .unavailable(.unknown), "The broker could not store \(action); it may have been carried out.")
        }
    }
}

/// The correlation id of a session's call: `c{session}.{call}`.
struct CallID: Hashable {
    let session: UInt64
    let call: UInt64

    init(session: UInt64, call: UInt64) {
        self.session = session
        self.call = call
    }

    /// `nil` for the id of another asker.
    init?(_ text: String) {
        let bytes = text.utf8
        guard bytes.first == UInt8(ascii: "c"), let dot = bytes.firstIndex(of: UInt8(ascii: ".")),
            let session = UInt64(Substring(bytes[..<dot].dropFirst())),
            let call = UInt64(Substring(bytes[dot...].dropFirst()))
        else { return nil }
        self.init(session: session, call: call)
    }

    var text: String { "c\(session).\(call)" }
}
