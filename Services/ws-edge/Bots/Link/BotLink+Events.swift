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
        case .unreadable(let frame): received(frame, from: number)
        case .unknown: break
        }
    }

    /// Whoever waits for it is told at once; an event that cannot be passed on is a gap.
    private func received(_ frame: UnreadableFrame, from number: UInt64) {
        guard state.takesResponse(from: number) else {
            metrics.framesIgnored.increment()
            return
        }
        switch echoes.fail(frame, { [bot] in frame.cause.answer(to: $0, of: bot) }) {
        case .answer(let answer):
            heardAnswer()
            publish([answer])
            pump()
        case .late:
            heardAnswer()
            metrics.lateAnswers.increment()
        case .noAnswer: missed(1, from: number)
        }
    }

    /// So many events of that connection are lost: everybody hears of it now, in their place.
    func missed(_ count: Int, from number: UInt64) {
        guard state.takesEvent(from: number) else {
            metrics.framesIgnored.increment()
            return
        }
        send(gap(id: sequence.next(), missed: count))
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
        let body = event.forClients(of: bot)
        let id = sequence.next()
        guard body.readableBytes <= services.maxMessageBytes else {
            return send(refusedEvent(id: id, because: "it has \(body.readableBytes) bytes"))
        }
        var properties = MessageProperties("event", from: .edge, id: id, at: timestamp)
        properties.isPersistent = true
        send(
            Parcel(
                message: Message(body, properties), exchange: exchanges.events,
                key: Exchanges.eventKey(event, of: bot), content: .event))
    }

    /// Stands in an event's place: clients hear of it whether or not another one follows, also where it would have been
    /// the first.
    private func gap(id: String?, missed: Int) -> Parcel {
        var properties = MessageProperties(Exchanges.gapType, from: .edge, id: id, at: timestamp)
        properties.isPersistent = true
        return Parcel(
            message: Message(EventGap(of: bot, missed: missed).text(time: timestamp), properties),
            exchange: exchanges.events, key: Exchanges.gapKey(bot), content: .gap)
    }

    /// Publishes answers; of those nobody waits for, failures are noted.
    func publish(_ answers: [EchoTable.Answer]) {
        for answer in answers {
            let content = answer.token.map { Parcel.Content.part(answer.asker, $0) } ?? .answer(answer.asker)
            guard let parcel = parcel(answer.body, for: answer.asker, answer.part, content) else {
                if answer.part != .more { noteOutcome(answer) }
                continue
            }
            let size = answer.body.readableBytes
            if size > services.maxMessageBytes, let apology = substitute(for: parcel, because: "it has \(size) bytes") {
                send(apology)
            } else {
                send(parcel)
            }
        }
    }

    /// `nil`: nobody waits for it.
    private func parcel(
        _ body: ByteBuffer, for asker: EchoTable.Asker, _ part: AnswerPart?, _ content: Parcel.Content
    ) -> Parcel? {
        guard let queue = asker.replyTo else { return nil }
        answered += 1
        var properties = MessageProperties(
            "response", from: .edge, id: "\(sequence.epoch)-r\(answered)", at: timestamp, trace: asker.trace)
        properties.correlationID = asker.correlationID
        properties.isPersistent = true
        if let part { properties.headers[AnswerPart.header] = part.rawValue }
        return Parcel(
            message: Message(body, properties), exchange: .toQueue, key: RoutingKey(queue.text), content: content)
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
        while let (parcel, ticket) = outbox.take(finishing: { stamp(&$0) }) { publish(parcel, ticket) }
    }

    private func publish(_ parcel: Parcel, _ ticket: Outbox<Parcel>.Ticket) {
        bus.publish(parcel.message, to: parcel.exchange, key: parcel.key, mandatory: parcel.isMandatory) {
            self.ended(ticket, $0)
        }
    }

    /// Says whom of each group an event is for: as late as can be, so that it is somebody who is there, and once, so that all edges hear the
    /// same. Heartbeats are nobody's.
    private func stamp(_ parcel: inout Parcel) {
        guard case .event = parcel.content, Exchanges.kind(ofEventKey: parcel.key) != .heartbeat,
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
        case .rejected, .notStored:
            // In another round it is published once more, and refused once more.
            guard outbox.isOfThisRound(ticket) else { return }
            guard let parcel = outbox[ticket], let substitute = substitute(for: parcel, because: outcome.refusal ?? "")
            else {
                apply(outbox.settle(ticket))
                break
            }
            apply(outbox.replace(ticket, by: substitute, bytes: substitute.message.body.readableBytes))
            return publish(substitute, ticket)
        case .unreachable, .unknown:
            guard outbox.isOfThisRound(ticket) else { return }
            publishFailed()
            return
        }
        publishWaiting()
    }

    /// What takes the place of a parcel that the bus refuses; `nil`: nothing is left to say.
    private func substitute(for parcel: Parcel, because reason: String) -> Parcel? {
        switch parcel.content {
        case .event: return refusedEvent(id: parcel.message.properties.messageID, because: reason)
        case .answer(let asker): return apology(to: asker, because: reason, parcel.message.properties.part)
        case .part(let asker, let token):
            echoes.forget(token)
            return apology(to: asker, because: reason, .last)
        case .gap, .apology: return nil
        }
    }

    private func refusedEvent(id: String?, because reason: String) -> Parcel {
        metrics.eventsRefused.increment()
        logger.warning(
            "An event of the bot is too large for the bus; its clients see a gap.",
            metadata: [LogKeys.reason: "\(reason)"])
        return gap(id: id, missed: 1)
    }

    private func apology(to asker: EchoTable.Asker, because reason: String, _ part: AnswerPart?) -> Parcel? {
        let response = Response.failed(.answerTooLarge, "The bot's answer is too large for the bus: \(reason).")
        return parcel(response.encoded(echo: asker.echo), for: asker, part, .apology)
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
