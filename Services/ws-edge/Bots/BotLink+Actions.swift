import Bus
import Contracts
import Logging
import Metrics
import NIOCore
import Observability
import OneBot

/// Down: actions from the bot's queue to its socket, each answered in any case.
extension BotLink {
    /// Takes an action from the bot's queue.
    func deliver(_ delivery: Delivery) {
        if let id = delivery.properties.messageID {
            // An id is its publisher's own: two askers may use the same.
            guard seen.insert(id, from: delivery.properties.replyTo?.text ?? "") else {
                metrics.actionsRepeated.increment()
                delivery.acknowledge()
                return
            }
        }
        guard state.actions != nil else {
            refuse(delivery, notConnected)
            return
        }
        let now = NIODeadline.now()
        if let response = unanswering(at: now) {
            metrics.actionsUnanswering.increment()
            refuse(delivery, response)
            return
        }
        if takesAtOnce(delivery) { return send(delivery, at: now) }
        if pace(delivery, at: now) { return pump(at: now) }
        guard waiting.add(delivery, at: now) else {
            metrics.actionsRefused.increment()
            refuse(delivery, .unavailable("Too many actions wait for bot \(bot); this one was not carried out."))
            return
        }
        pump(at: now)
    }

    /// Whether nothing waits before it, nor it for anything: then it needs no place in a queue.
    private func takesAtOnce(_ delivery: Delivery) -> Bool {
        pacer == nil && waiting.isEmpty && isActionsWritable && !echoes.isFull && !isPumping
            && actionsConnection != nil && (delivery.properties.expiration ?? .seconds(1)) > .zero
    }

    /// Sends what waits, as long as the socket takes it. Writing may tell of writability, and so call this again: once is enough.
    func pump(at now: NIODeadline? = nil) {
        guard !isPumping, !waiting.isEmpty || pacer != nil else { return }
        isPumping = true
        defer { isPumping = false }
        let now = now ?? .now()
        expirePaced(at: now)
        while isActionsWritable, !echoes.isFull, actionsConnection != nil,
            let next = waiting.next(at: now) ?? nextPaced(at: now)
        {
            switch next {
            case .send(let delivery): send(delivery, at: now)
            case .expired(let delivery):
                refuse(
                    delivery,
                    .failed(.timedOut, "The action waited too long for bot \(bot); it was not carried out."))
            }
        }
        schedulePacing(canSend: isActionsWritable && !echoes.isFull)
    }

    var notConnected: Response { .unavailable("Bot \(bot) is not connected now; the action was not carried out.") }

    /// Answers an action that is not sent, and is done with it.
    func refuse(_ delivery: Delivery, _ response: Response) {
        // `try?`: a frame that is no object has no echo to give back.
        answer(delivery, response, echo: (try? JSONObject(delivery.body))?["echo"]?.bytes)
    }

    private func send(_ delivery: Delivery, at now: NIODeadline) {
        // `try?`: what is wrong with a frame that is no object is said by `Action` below.
        guard let frame = try? JSONObject(delivery.body), let action = frame["action"]?.string else {
            refuseNonsense(delivery)
            return
        }
        ask(frame, action, timeout: services.timeout(action), for: delivery.properties, at: now)
        delivery.acknowledge()
        logger.trace(
            "An action was sent to the bot.",
            metadata: [LogKeys.action: "\(action)", LogKeys.traceID: "\(delivery.properties.trace?.traceID ?? "")"])
    }

    /// Sends a frame to the bot, its echo replaced by ours.
    func ask(
        _ frame: JSONObject, _ action: String, timeout: Duration,
        for asker: MessageProperties = MessageProperties(), at now: NIODeadline
    ) {
        let text = echoes.replace(
            echoOf: frame, action: action, replyTo: asker.replyTo, correlationID: asker.correlationID,
            trace: asker.trace, timeout: timeout, at: now)
        actionsConnection?.send(text)
        scheduleFlush()
        scheduleExpiry(noLaterThan: now + TimeAmount(timeout))
    }

    private func refuseNonsense(_ delivery: Delivery) {
        do {
            let action = try Action(parsing: delivery.body)
            answer(delivery, .failed(.badRequest, "The frame is no action."), echo: action.echo)
        } catch {
            answer(delivery, .failed(.badRequest, error.message), echo: error.echo)
        }
    }

    private func answer(_ delivery: Delivery, _ response: Response, echo: ByteBuffer?) {
        let asker = EchoTable.Asker(
            replyTo: delivery.properties.replyTo, correlationID: delivery.properties.correlationID, echo: echo,
            trace: delivery.properties.trace)
        publish([EchoTable.Answer(asker: asker, body: response.encoded(echo: asker.echo))])
        delivery.acknowledge()
    }

    private var actionsConnection: BotConnection? { state.actions.flatMap { connections[$0.number] } }

    /// One flush for everything sent in this turn of the event loop.
    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        eventLoop.execute {
            self.isFlushScheduled = false
            self.actionsConnection?.flush()
        }
    }

    /// Sees to it that the earliest deadline is kept: the timer that runs, or one for this deadline if it is earlier.
    private func scheduleExpiry(noLaterThan deadline: NIODeadline?) {
        guard let deadline else { return }
        if let expiry, expiry.deadline <= deadline { return }
        expiry?.timer.cancel()
        let timer = eventLoop.scheduleTask(deadline: deadline) {
            self.expiry = nil
            self.expireSent(at: .now())
            self.scheduleExpiry(noLaterThan: self.echoes.nextDeadline)
            self.pump()
        }
        expiry = (deadline, timer)
    }
}
