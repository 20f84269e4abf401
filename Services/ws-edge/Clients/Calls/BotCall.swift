import Bus
import Contracts
import Logging
import NIOCore
import Observability
import OneBot

/// Puts a client's action on the bus, untouched; the answer comes back to the edge's inbox.
enum BotCall {
    static func publish(_ action: Action, call: UInt64, session: ClientSession, to bot: SelfID, timeout: Duration) {
        let context = session.context
        let (id, shard) = (session.id, session.shard)
        let trace = TraceParent.make()
        var properties = MessageProperties(
            "action", from: .edge, id: session.messageIDPrefix + String(call), trace: trace)
        properties.replyTo = context.inbox
        properties.correlationID = CallID(session: id, call: call).text
        properties.expiration = timeout
        properties.priority = session.upgrade.priority
        let name = action.name
        if context.logger.logLevel <= .trace {
            session.logger.trace(
                "An action goes to a bot.",
                metadata: [LogKeys.action: "\(name)", LogKeys.selfID: "\(bot)", LogKeys.traceID: "\(trace.traceID)"])
        }
        context.bus.publish(
            Message(action.frame, properties), to: context.exchanges.actions, key: Exchanges.actionKey(bot),
            mandatory: true
        ) { outcome in
            guard let response = refusal(outcome, name, bot) else { return }
            shard.enqueue(.onSession(id) { $0.couldNotCall(call, response) })
        }
    }

    private static func refusal(_ outcome: PublishOutcome, _ action: String, _ bot: SelfID) -> Response? {
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
