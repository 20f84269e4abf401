import Bus
import Contracts
import Logging
import Metrics
import NIOCore
import Observability
import OneBot

/// Up: events and responses, published in the order the bot sent them.
extension BotLink {
    func received(_ event: Event, from number: UInt64) {
        switch state.event(from: number) {
        case .take: publish(event)
        case .hold: held.append(.event(event, from: number))
        case .ignore: metrics.framesIgnored.increment()
        }
    }

    func received(_ response: BotResponse, from number: UInt64) {
        switch state.response(from: number) {
        case .take:
            guard let answer = echoes.restore(response) else {
                logger.debug(
                    "An answer of the bot was dropped: nobody waits for it.",
                    metadata: [LogKeys.count: "\(echoes.unmatched)"])
                return
            }
            publish([answer])
            pump()
        case .hold: held.append(.response(response, from: number))
        case .ignore: metrics.framesIgnored.increment()
        }
    }

    private func publish(_ event: Event) {
        // Clients get a lifecycle of ours; the bot's says no more than that it is connected.
        if event.isLifecycleConnect { return }
        metrics.publishedEvent(at: .now())
        var properties = MessageProperties("event", from: .edge, id: sequence.next(), at: timestamp)
        properties.isPersistent = true
        let body = event.forClients(of: bot)
        publish(
            Message(body, properties), to: exchanges.events, key: Exchanges.eventKey(event, of: bot)
        ) { link, reason in
            link.metrics.eventsRefused.increment()
            link.logger.warning(
                "The bus refused an event of the bot; its clients see a gap.",
                metadata: [LogKeys.reason: "\(reason)"])
        }
    }

    /// Publishes answers, those nobody waits for left out.
    func publish(_ answers: [EchoTable.Answer]) {
        for answer in answers {
            guard let queue = answer.asker.replyTo else { continue }
            publish(answer.body, to: queue, for: answer.asker) { link, reason in
                let response = Response.failed(.tooLarge, "The bot's answer is too large for the bus: \(reason).")
                link.publish(response.encoded(echo: answer.asker.echo), to: queue, for: answer.asker) { _, _ in }
            }
        }
    }

    private func publish(
        _ body: ByteBuffer, to queue: QueueName, for asker: EchoTable.Asker,
        rejected: @escaping @Sendable (BotLink, String) -> Void
    ) {
        answered += 1
        var properties = MessageProperties(
            "response", from: .edge, id: "\(sequence.epoch)-r\(answered)", at: timestamp, trace: asker.trace)
        properties.correlationID = asker.correlationID
        publish(
            Message(body, properties), to: .toQueue, key: RoutingKey(queue.text), rejected: rejected)
    }

    /// Publishes within the window: over it, the bot is read no further until half of it is confirmed.
    private func publish(
        _ message: Message, to exchange: Exchange, key: RoutingKey,
        rejected: @escaping @Sendable (BotLink, String) -> Void
    ) {
        let size = message.body.readableBytes
        apply(window.published(bytes: size))
        bus.publish(message, to: exchange, key: key, mandatory: false) { outcome in
            self.onLoop { link in
                link.apply(link.window.settled(bytes: size))
                switch outcome {
                case .rejected(let reason): rejected(link, reason)
                case .confirmed, .unroutable, .unreachable, .unknown: break
                }
            }
        }
    }

    private func apply(_ change: PublishWindow.Change) {
        switch change {
        case .none: break
        case .filled:
            logger.debug("The bus is behind: the bot is read no further.")
            for connection in connections.values { connection.pauseReading() }
        case .drained:
            guard state.phase != .claiming else { return }
            for connection in connections.values { connection.resumeReading() }
        }
    }

    private var timestamp: Int64 { Int64(services.utcMilliseconds() / 1000) }
}
