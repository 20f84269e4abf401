import Bus
import Contracts
import Logging
import Metrics
import NIOCore
import Observability
import OneBot

/// Up: events and responses, published in the order the bot sent them.
extension BotLink {
    /// From any event loop.
    func received(_ frame: BotFrame, from number: UInt64) {
        // Asked here, and not by `onLoop`, whose closure would be an allocation for each frame.
        guard eventLoop.inEventLoop else { return onLoop { $0.received(frame, from: number) } }
        switch frame {
        case .event(let event): received(event, from: number)
        case .response(let response): received(response, from: number)
        case .unknown: break
        }
    }

    private func received(_ event: Event, from number: UInt64) {
        guard state.takesEvent(from: number) else {
            metrics.framesIgnored.increment()
            return
        }
        publish(event)
    }

    private func received(_ response: BotResponse, from number: UInt64) {
        guard state.takesResponse(from: number) else {
            metrics.framesIgnored.increment()
            return
        }
        heardAnswer()
        let answer = response.isFollowed ? echoes.restorePart(response, at: .now()) : echoes.restore(response)
        guard let answer else {
            metrics.lateAnswers.increment()
            logger.debug(
                "An answer of the bot was dropped: nobody waits for it.",
                metadata: [LogKeys.count: "\(echoes.unmatched)"])
            return
        }
        publish([answer])
        if !response.isFollowed { pump() }
    }

    private func publish(_ event: Event) {
        // Clients get a lifecycle of ours; the bot's says no more than that it is connected.
        if event.isLifecycleConnect { return }
        metrics.publishedEvent(at: .now())
        var properties = MessageProperties("event", from: .edge, id: sequence.next(), at: timestamp)
        properties.isPersistent = true
        send(
            Parcel(
                message: Message(event.forClients(of: bot), properties), exchange: exchanges.events,
                key: Exchanges.eventKey(event, of: bot), content: .event))
    }

    /// Publishes answers; of those nobody waits for, failures are noted.
    func publish(_ answers: [EchoTable.Answer]) {
        for answer in answers {
            if let queue = answer.asker.replyTo {
                let content = answer.token.map { Parcel.Content.part(answer.asker, $0) } ?? .answer(answer.asker)
                publish(answer.body, to: queue, for: answer.asker, answer.part, content)
            } else if answer.part != .more {
                noteOutcome(answer)
            }
        }
    }

    private func publish(
        _ body: ByteBuffer, to queue: QueueName, for asker: EchoTable.Asker, _ part: AnswerPart?,
        _ content: Parcel.Content
    ) {
        answered += 1
        var properties = MessageProperties(
            "response", from: .edge, id: "\(sequence.epoch)-r\(answered)", at: timestamp, trace: asker.trace)
        properties.correlationID = asker.correlationID
        properties.isPersistent = true
        if let part { properties.headers[AnswerPart.header] = part.rawValue }
        send(
            Parcel(
                message: Message(body, properties), exchange: .toQueue, key: RoutingKey(queue.text), content: content))
    }

    /// Everything goes this way, so that it arrives in the order of the bot.
    private func send(_ parcel: Parcel) {
        apply(outbox.add(parcel, bytes: parcel.message.body.readableBytes))
        publishWaiting()
    }

    /// Publishes what the window has room for. A bus that confirms at once calls back from here, and so calls this again: once is enough.
    func publishWaiting() {
        guard !isPublishing else { return }
        isPublishing = true
        defer { isPublishing = false }
        while let (parcel, ticket) = outbox.take(finishing: { stamp(&$0) }) {
            bus.publish(parcel.message, to: parcel.exchange, key: parcel.key, mandatory: parcel.isMandatory) {
                self.ended(ticket, $0)
            }
        }
    }

    /// Says whom of each group an event is for: as late as can be, so that it is somebody who is there, and once, so that all edges hear the
    /// same. Heartbeats are nobody's.
    private func stamp(_ parcel: inout Parcel) {
        guard parcel.isEvent, !Exchanges.isHeartbeat(parcel.key),
            let stamp = services.stamp(bot, parcel.message)
        else { return }
        parcel.message.properties.headers.merge(stamp.headers)
    }

    /// From any thread.
    private func ended(_ ticket: Outbox<Parcel>.Ticket, _ outcome: PublishOutcome) {
        guard eventLoop.inEventLoop else { return onLoop { $0.ended(ticket, outcome) } }
        switch outcome {
        case .confirmed:
            apply(outbox.settle(ticket))
        case .unroutable:
            if case .part(_, let token) = outbox[ticket]?.content { echoes.forget(token) }
            apply(outbox.settle(ticket))
        case .rejected(let reason):
            let parcel = outbox[ticket]
            apply(outbox.settle(ticket))
            if let parcel { refused(parcel, because: reason) }
        case .unreachable, .unknown:
            guard outbox.isOfThisRound(ticket) else { return }
            publishFailed()
            return
        }
        publishWaiting()
    }

    private func refused(_ parcel: Parcel, because reason: String) {
        switch parcel.content {
        case .event:
            metrics.eventsRefused.increment()
            logger.warning(
                "The bus refused an event of the bot; its clients see a gap.",
                metadata: [LogKeys.reason: "\(reason)"])
        case .answer(let asker): apologise(to: asker, because: reason, nil)
        case .part(let asker, let token):
            echoes.forget(token)
            apologise(to: asker, because: reason, .last)
        case .apology: break
        }
    }

    private func apologise(to asker: EchoTable.Asker, because reason: String, _ part: AnswerPart?) {
        guard let queue = asker.replyTo else { return }
        let response = Response.failed(.tooLarge, "The bot's answer is too large for the bus: \(reason).")
        publish(response.encoded(echo: asker.echo), to: queue, for: asker, part, .apology)
    }

    /// Pauses or resumes the bot's connections.
    func apply(_ reading: Outbox<Parcel>.Reading) {
        switch reading {
        case .asBefore: break
        case .pause:
            logger.debug("The bus is behind: the bot is read no further.")
            for connection in connections.values { connection.pauseReading() }
        case .resume:
            for connection in connections.values { connection.resumeReading() }
        }
    }

    private var timestamp: Int64 { Int64(services.utcMilliseconds() / 1000) }
}
