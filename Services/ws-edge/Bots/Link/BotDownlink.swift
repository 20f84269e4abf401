import Actions
import Bus
import Contracts
import Logging
import Metrics
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// Takes actions from a bot's queue to its socket. Every action is answered, whatever becomes of it.
///
/// `@unchecked Sendable`: everything mutable is touched on `eventLoop` only.
final class BotDownlink: @unchecked Sendable {  // confined to its event loop, as said above
    private let bot: SelfID
    private let eventLoop: any EventLoop
    private let uplink: BotUplink
    private let timeout: @Sendable (String) -> Duration
    private let metrics: BotMetrics
    private let waiting: WaitingActions
    private let silence: BotSilence
    /// The connection that takes actions.
    private var wire: BotWire?
    private var isWritable = false
    private var echoes: EchoTable
    private var appetite = BotAppetite()
    /// Actions seen last, so that none is carried out twice.
    private var seen = RecentIDs(limit: 16_384)
    /// A bot that is still connected after that time has not restarted, and may be asked to again.
    private var restarts = RestartGate(patience: .seconds(60))
    private var isPumping = false
    private var isFlushScheduled = false
    private var expiry: (deadline: NIODeadline, timer: Scheduled<Void>)?

    init(
        of bot: SelfID, on eventLoop: any EventLoop, uplink: BotUplink, services: LinkServices, metrics: BotMetrics
    ) {
        self.bot = bot
        self.eventLoop = eventLoop
        self.uplink = uplink
        self.metrics = metrics
        timeout = services.timeout
        // The tokens hold the time, so that an answer to an earlier process's action is not taken for one to ours.
        echoes = EchoTable(bot: bot, prefix: "p\(String(services.utcMilliseconds(), radix: 36))-")
        waiting = WaitingActions(for: bot, on: eventLoop, pacing: services.pacing, metrics: metrics)
        silence = BotSilence(of: bot, on: eventLoop, configuration: services.breaker, metrics: metrics)
        // Strongly, as the link is told (``BotLink``).
        waiting.begin { self.pump() }
        silence.begin { self.probe(timeout: $0, at: $1) }
    }

    /// How many actions were sent and are not answered.
    var unanswered: Int { echoes.count }

    private var logger: Logger { uplink.logger }

    // MARK: The connection that takes actions

    /// Another connection takes the actions now: what was sent over the one before will not be answered.
    func moved() { uplink.publish(echoes.failAll()) }

    func connected(_ wire: BotWire, isWritable: Bool) {
        self.wire = wire
        self.isWritable = isWritable
        restarts.connected()
        silence.end()
    }

    /// - Parameter ending: `nil`: it was closed because another edge has the bot.
    func disconnected(_ ending: WebSocketEnding?) {
        wire = nil
        isWritable = false
        if let ending, appetite.ended(ending.isOurs ? nil : ending.code, at: .now()) {
            logger.warning(
                "The bot closed its connection because of a large action; as large ones are refused for a while.",
                metadata: [LogKeys.reason: "\(ending)"])
        }
        failAll()
    }

    func writabilityChanged(isWritable: Bool, of number: UInt64) {
        guard wire?.place.number == number else { return }
        self.isWritable = isWritable
        if isWritable { pump() }
    }

    /// Answers what was sent and what waits as `failed`.
    func failAll() {
        uplink.publish(echoes.failAll())
        silence.end()
        refuseWaiting(notConnected)
    }

    /// The link starts an epoch. Whoever asked earlier takes the bot's link for gone, and soon stops waiting: so what
    /// still waits is answered now, and not sent later.
    func refuseWaiting() {
        refuseWaiting(
            .failed(
                .unavailable(.no()),
                "Bot \(bot) has another connection now; the action waited for its turn and was not carried out. Try again."
            ))
    }

    private func refuseWaiting(_ response: Response) {
        for delivery in waiting.removeAll() { refuse(delivery, response) }
    }

    // MARK: Down

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
        guard wire != nil else {
            refuse(delivery, notConnected)
            return
        }
        let now = NIODeadline.now()
        if let response = silence.refusal(at: now) {
            metrics.actionsUnanswering.increment()
            refuse(delivery, response)
            return
        }
        // `try?`: what is no object is answered like all else that is no action.
        guard let frame = try? JSONObject(delivery.body), let called = frame["action"]?.string else {
            refuseNonsense(delivery)
            return
        }
        if let objection = Action.objection(to: frame, from: delivery.properties, at: bot) {
            return refuse(delivery, objection)
        }
        let name = ActionName(called)
        guard name.isAnsweredAtOnce else {
            if let refusal = admit(delivery, frame, name, askedBy: delivery.properties, at: now) {
                refuse(delivery, refusal)
            }
            return
        }
        // The asker is still told of a refusal that comes at once.
        let plain = delivery.unattended(frame, name)
        guard let rest = try? JSONObject(plain.body) else { return refuseNonsense(delivery) }
        if let refusal = admit(plain, rest, name, askedBy: delivery.properties, at: now) {
            refuse(delivery, refusal)
        } else {
            uplink.publish([answer(to: delivery.properties, called, .async, echo: frame["echo"]?.bytes)])
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
        defer { pump(at: now) }
        switch waiting.add(delivery, frame, name, askedBy: asker, at: now) {
        case .waits: return nil
        case .refused(let response): return response
        case .displaces(let other, let response):
            refuse(other, response)
            return nil
        }
    }

    /// Whether the action can be sent without a place in a queue: nothing waits before it, and it has to wait for
    /// nothing.
    private func takesAtOnce(_ delivery: Delivery) -> Bool {
        waiting.isIdle && isWritable && !echoes.isFull && !isPumping && wire != nil
            && (delivery.properties.expiration ?? .seconds(1)) > .zero
    }

    /// Sends what waits, as long as the socket takes it. Writing may change the writability and so call this method
    /// from within itself; the inner call does nothing.
    func pump(at now: NIODeadline? = nil) {
        guard !isPumping, !waiting.isIdle else { return }
        isPumping = true
        defer { isPumping = false }
        let now = now ?? .now()
        if let (late, response) = waiting.expire(at: now) {
            for delivery in late { refuse(delivery, response) }
        }
        while isWritable, !echoes.isFull, wire != nil, let next = waiting.next(at: now) {
            switch next {
            case .send(let delivery): send(delivery, at: now)
            case .expired(let delivery):
                refuse(
                    delivery,
                    .failed(.timedOut(.no()), "The action waited too long for bot \(bot); it was not carried out."))
            }
        }
        waiting.schedule(canSend: isWritable && !echoes.isFull)
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
        if action == OwnAction.setRestart.name, !restarts.begin(at: now) {
            logger.info("A restart is asked for again; the bot has not connected anew since the last one.")
            return refuse(delivery, .async)
        }
        ask(frame, action, timeout: timeout(action), for: delivery.properties, at: now)
        delivery.acknowledge()
        logger.trace(
            "An action was sent to the bot.",
            metadata: [LogKeys.action: "\(action)", LogKeys.traceID: "\(delivery.properties.trace?.traceID ?? "")"])
    }

    /// Sends a frame to the bot, its echo replaced by ours.
    /// - Parameter asker: `nil`: we ask, to hear whether there is an answer.
    private func ask(
        _ frame: JSONObject, _ action: String, timeout: Duration, for asker: MessageProperties?, at now: NIODeadline
    ) {
        let text = echoes.replace(
            echoOf: frame, action: action, replyTo: asker?.replyTo, correlationID: asker?.correlationID,
            trace: asker?.trace, purpose: asker == nil ? .probe : .caller, timeout: timeout, at: now)
        appetite.sent(frame.bytes.readableBytes)
        wire?.send(text)
        scheduleFlush()
        scheduleExpiry(noLaterThan: now + TimeAmount(timeout))
    }

    /// One flush for everything sent in this turn of the event loop.
    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        eventLoop.execute {
            self.isFlushScheduled = false
            self.wire?.flush()
        }
    }

    // MARK: Not sent

    private var notConnected: Response {
        .failed(.unavailable(.no()), "Bot \(bot) is not connected now; the action was not carried out.")
    }

    /// Answers an action that is not sent, and is done with it.
    private func refuse(_ delivery: Delivery, _ response: Response) {
        // Nothing was sent, so an asker that is told to try again may send the same message again.
        if let id = delivery.properties.messageID { seen.forget(id, from: delivery.properties.replyTo?.text ?? "") }
        // `try?`: a frame that is no object has no name, and an echo only as far as one is found.
        guard let frame = try? JSONObject(delivery.body) else {
            return answer(delivery, "", response, echo: Action.echo(of: delivery.body))
        }
        answer(delivery, frame["action"]?.string ?? "", response, echo: frame["echo"]?.bytes)
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
        uplink.publish([answer(to: delivery.properties, action, response, echo: echo)])
        delivery.acknowledge()
    }

    private func answer(
        to properties: MessageProperties, _ action: String, _ response: Response, echo: ByteBuffer?
    ) -> EchoTable.Answer {
        let asker = EchoTable.Asker(
            replyTo: properties.replyTo, correlationID: properties.correlationID, echo: echo, trace: properties.trace)
        return EchoTable.Answer(asker: asker, action: action, body: response.encoded(echo: asker.echo))
    }

    // MARK: Answers of the bot

    func received(_ response: BotResponse) {
        heardAnswer()
        let answer = response.isFollowed ? echoes.restorePart(response, at: .now()) : echoes.restore(response)
        guard let answer else {
            metrics.lateAnswers.increment()
            logger.debug(
                "An answer of the bot was dropped: nobody waits for it.",
                metadata: [LogKeys.count: "\(echoes.unmatched)"])
            return
        }
        uplink.publish([answer])
        if !response.isFollowed { pump() }
    }

    /// A frame that cannot be read: whoever waits for it is told at once.
    /// - Returns: whether it was an answer.
    func received(_ frame: UnreadableFrame) -> Bool {
        switch echoes.fail(frame, { [bot] in frame.cause.answer(to: $0, of: bot) }) {
        case .answer(let answer):
            heardAnswer()
            uplink.publish([answer])
            pump()
        case .late:
            heardAnswer()
            metrics.lateAnswers.increment()
        case .noAnswer: return false
        }
        return true
    }

    /// Nobody takes the rest of that answer.
    func forget(_ token: UInt64) { echoes.forget(token) }

    /// The bot answered, whatever it was.
    func heardAnswer() {
        if silence.end() { logger.notice("The bot answers again; actions are sent to it.") }
    }

    // MARK: No answers

    /// The connection that takes its actions has brought nothing since it was opened, not even an answer to a question
    /// of ours. Actions fail at once from now on, so that nobody has to wait for timeouts.
    func isMute(_ number: UInt64, because sentence: String) {
        let now = NIODeadline.now()
        guard wire?.place.number == number, silence.timedOut(silence.threshold, because: sentence, at: now) else {
            return
        }
        stopAsking(at: now)
    }

    /// It has said something after all.
    func isMuteNoMore() {
        if silence.isMute { heardAnswer() }
    }

    /// Ends what the bot has not answered in time.
    private func expireSent(at now: NIODeadline) {
        let timeouts = echoes.countExpiring(at: now, sentSince: silence.lastAnswer)
        uplink.publish(echoes.expire(at: now))
        guard silence.timedOut(timeouts, at: now) else { return }
        logger.warning(
            "The bot does not answer; actions for it fail at once until it does.",
            metadata: [LogKeys.count: "\(silence.threshold)"])
        stopAsking(at: now)
    }

    private func stopAsking(at now: NIODeadline) {
        for delivery in waiting.removeAll() {
            metrics.actionsUnanswering.increment()
            refuse(delivery, silence.refusal(at: now) ?? notConnected)
        }
        silence.watch()
    }

    private func probe(timeout: Duration, at now: NIODeadline) {
        // `try?`: we wrote it ourselves, it is an object.
        guard isWritable, let frame = try? JSONObject(Action(name: "get_status", params: nil).frame) else { return }
        ask(frame, "get_status", timeout: timeout, for: nil, at: now)
    }

    /// Makes sure that a timer runs for the earliest deadline: the one that runs already, or a new one where this
    /// deadline is earlier.
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
