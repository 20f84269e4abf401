import Actions
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
        // `try?`: what is no object is answered like all else that is no action.
        guard let frame = try? JSONObject(delivery.body), let called = frame["action"]?.string else {
            refuseNonsense(delivery)
            return
        }
        if let objection = objection(to: frame, from: delivery.properties) { return refuse(delivery, objection) }
        let name = ActionName(called)
        guard name.isAnsweredAtOnce else {
            if let refusal = admit(delivery, frame, name, askedBy: delivery.properties, at: now) {
                refuse(delivery, refusal)
            }
            return
        }
        // A refusal that comes at once is still told.
        let plain = unattended(delivery, frame, name)
        guard let rest = try? JSONObject(plain.body) else { return refuseNonsense(delivery) }
        if let refusal = admit(plain, rest, name, askedBy: delivery.properties, at: now) {
            refuse(delivery, refusal)
        } else {
            publish([answer(to: delivery.properties, called, .async, echo: frame["echo"]?.bytes)])
        }
    }

    /// Sends the action, or lets it wait for its turn or for the socket.
    /// - Returns: why it does neither.
    private func admit(
        _ delivery: Delivery, _ frame: JSONObject, _ name: ActionName, askedBy asker: MessageProperties,
        at now: NIODeadline
    ) -> Response? {
        if let limit = appetite.limit(at: now), delivery.body.readableBytes >= limit {
            return .failed(
                .tooLarge,
                "Bot \(bot) takes no message of \(limit) bytes: it closed the connection for one. The action was not carried out."
            )
        }
        if takesAtOnce(delivery) {
            send(delivery, frame, name.plain, at: now)
            return nil
        }
        if pacer != nil, services.pacing.paces(name) {
            defer { pump(at: now) }
            return pace(delivery, frame, askedBy: asker, at: now)
        }
        guard waiting.add(delivery, at: now) else {
            metrics.actionsRefused.increment()
            return .failed(
                .unavailable(.no()), "Too many actions wait for bot \(bot); this one was not carried out.")
        }
        pump(at: now)
        return nil
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
                    .failed(.timedOut(.no()), "The action waited too long for bot \(bot); it was not carried out."))
            }
        }
        schedulePacing(canSend: isActionsWritable && !echoes.isFull)
    }

    var notConnected: Response {
        .failed(.unavailable(.no()), "Bot \(bot) is not connected now; the action was not carried out.")
    }

    /// Answers an action that is not sent, and is done with it.
    func refuse(_ delivery: Delivery, _ response: Response) {
        // Nothing was sent: whoever is told to may send the same message again.
        if let id = delivery.properties.messageID { seen.forget(id, from: delivery.properties.replyTo?.text ?? "") }
        // `try?`: a frame that is no object has no name, and an echo only as far as one is found.
        guard let frame = try? JSONObject(delivery.body) else {
            return answer(delivery, "", response, echo: Action.echo(of: delivery.body))
        }
        answer(delivery, frame["action"]?.string ?? "", response, echo: frame["echo"]?.bytes)
    }

    private func send(_ delivery: Delivery, at now: NIODeadline) {
        // `try?`: what waited was an action.
        guard let frame = try? JSONObject(delivery.body), let action = frame["action"]?.string else {
            refuseNonsense(delivery)
            return
        }
        send(delivery, frame, action, at: now)
    }

    private func send(_ delivery: Delivery, _ frame: JSONObject, _ action: String, at now: NIODeadline) {
        if action == OwnAction.setRestart.name, !beginRestart(at: now) {
            return refuse(delivery, .async)
        }
        ask(frame, action, timeout: services.timeout(action), for: delivery.properties, at: now)
        delivery.acknowledge()
        logger.trace(
            "An action was sent to the bot.",
            metadata: [LogKeys.action: "\(action)", LogKeys.traceID: "\(delivery.properties.trace?.traceID ?? "")"])
    }

    /// Sends a frame to the bot, its echo replaced by ours.
    /// - Parameter asker: `nil`: we ask, to hear whether there is an answer.
    func ask(
        _ frame: JSONObject, _ action: String, timeout: Duration, for asker: MessageProperties?, at now: NIODeadline
    ) {
        let text = echoes.replace(
            echoOf: frame, action: action, replyTo: asker?.replyTo, correlationID: asker?.correlationID,
            trace: asker?.trace, purpose: asker == nil ? .probe : .caller, timeout: timeout, at: now)
        appetite.sent(frame.bytes.readableBytes)
        actionsConnection?.send(text)
        scheduleFlush()
        scheduleExpiry(noLaterThan: now + TimeAmount(timeout))
    }

    private func refuseNonsense(_ delivery: Delivery) {
        do {
            let action = try Action(parsing: delivery.body)
            answer(delivery, action.name, .failed(.badRequest, "The frame is no action."), echo: action.echo)
        } catch {
            answer(delivery, "", .failed(.badRequest, error.message), echo: error.echo)
        }
    }

    private func answer(_ delivery: Delivery, _ action: String, _ response: Response, echo: ByteBuffer?) {
        publish([answer(to: delivery.properties, action, response, echo: echo)])
        delivery.acknowledge()
    }

    private func answer(
        to properties: MessageProperties, _ action: String, _ response: Response, echo: ByteBuffer?
    ) -> EchoTable.Answer {
        let asker = EchoTable.Asker(
            replyTo: properties.replyTo, correlationID: properties.correlationID, echo: echo, trace: properties.trace)
        return EchoTable.Answer(asker: asker, action: action, body: response.encoded(echo: asker.echo))
    }

    private var actionsConnection: BotWire? { state.actions.flatMap { connections[$0.number] } }

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
