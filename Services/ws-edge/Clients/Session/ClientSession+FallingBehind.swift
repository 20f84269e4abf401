import Logging
import Metrics
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// What a client that reads too slowly loses: first the answers that come in parts, then itself.
extension ClientSession {
    /// One of several answers to a call, with more to come.
    func answeredInPart(_ call: UInt64, with text: ByteBuffer) {
        // One that has ended before was cut, or given up: the rest is nobody's.
        guard calls.renew(call, at: .now()) else { return }
        deliver(HubFrame.encode(text), events: 0, as: .answer, part: call)
    }

    /// Ends answers in parts, so that all else that waits for this client goes on.
    func cut(_ cut: [UInt64]) {
        for call in cut.compactMap({ calls.end($0) }) {
            services.metrics.answersCut.increment()
            logger.notice(
                "An answer in parts was cut: the client takes them too slowly.",
                metadata: [LogKeys.action: "\(call.action.prefix(128))"])
            reply(
                call.failed(
                    .failed(
                        .answerTooLarge,
                        "\(call.action): you take the answer's parts more slowly than the bot sends them, and the rest was "
                            + "dropped. Read faster, or have edge.outbound_bytes and edge.outbound_age raised.")),
                to: call.began)
        }
    }

    /// A framework that is dialled gets messages, called actions before it was connected anew, and calls none since.
    func callsNoMore() {
        let reason =
            "If its log says that sends fail (ApiNotAvailable), it has taken the end of the old connection for that of the "
            + "new one, as frameworks on aiocqhttp do: restart it. Else it has nothing to say."
        logger.notice(
            "A framework gets messages, and has called no action since it was connected again; before, it did.",
            metadata: [
                LogKeys.clientName: "\(client?.clientName ?? "")", LogKeys.reason: "\(reason)",
            ])
    }

    func fellBehind() {
        services.metrics.slowClientsClosed.increment()
        logger.warning("Client too slow: closed.", metadata: [LogKeys.bytes: "\(outbound.bytes)"])
        leaveGroup()
        outbound.clear()
        close(.tryAgainLater("You read too slowly; reconnect when you can keep up."))
    }
}
