import Bus
import Contracts
import Logging
import Metrics
import NIOCore
import Observability
import OneBot

/// Takes what a bot sends to the bus: events and answers, published in the order in which the bot sent them.
///
/// `@unchecked Sendable`: everything mutable is touched on `eventLoop` only; what the bus says elsewhere hops there.
final class BotUplink: @unchecked Sendable {  // confined to its event loop, as said above
    /// What the link is told, so that it does something about it.
    enum News {
        /// The bus is behind: the bot is to be read no further.
        case pause
        case resume
        /// A publish failed: the bus, or the bot's queue, is away.
        case failed
        /// Nobody is there any more who takes the answers to that action: the number of its token.
        case untaken(UInt64)
    }

    /// Its metadata names the epoch, as soon as there is one.
    private(set) var logger: Logger

    private let bot: SelfID
    private let eventLoop: any EventLoop
    private let bus: any MessageBus
    private let events: Exchange
    /// The largest message that the bus takes.
    private let maxMessageBytes: Int
    private let utcMilliseconds: @Sendable () -> UInt64
    private let owners: @Sendable (SelfID, Message) -> GroupStamp?
    private let metrics: BotMetrics
    private var tell: (News) -> Void = { _ in }
    private var sequence = EventSequence()
    /// Events and answers until the bus has taken them.
    private var outbox = Outbox<Parcel>()
    private var isPublishing = false
    /// Answers published so far: a part of their `message_id`.
    private var answered = 0
    private var unattended = UnattendedFailures()

    init(
        of bot: SelfID, on eventLoop: any EventLoop, bus: any MessageBus, events: Exchange,
        services: LinkServices, metrics: BotMetrics, logger: Logger
    ) {
        self.bot = bot
        self.eventLoop = eventLoop
        self.bus = bus
        self.events = events
        self.metrics = metrics
        self.logger = logger
        maxMessageBytes = services.maxMessageBytes
        utcMilliseconds = services.utcMilliseconds
        owners = services.stamp
        self.logger[metadataKey: LogKeys.selfID] = "\(bot)"
    }

    /// To be called before anything is published.
    func begin(telling tell: @escaping (News) -> Void) { self.tell = tell }

    // MARK: Epochs, and when it publishes

    var epoch: UInt64 { sequence.epoch }
    /// Whether there were events in this epoch.
    var hasSent: Bool { sequence.sequence > 0 }
    var isOpen: Bool { outbox.isOpen }
    var isEmpty: Bool { outbox.isEmpty }
    /// The bot is to be read no further.
    var isFull: Bool { outbox.isFull }

    /// Starts an epoch, higher than that other one.
    func beginEpoch(above other: UInt64) {
        sequence.begin(at: max(utcMilliseconds(), other &+ 1))
        logger[metadataKey: LogKeys.linkEpoch] = "\(sequence.epoch)"
    }

    /// What comes is kept from now on.
    func close() { apply(outbox.close()) }

    /// What was kept goes out, first and in order.
    func open() {
        apply(outbox.open())
        publishWaiting()
    }

    /// - Returns: how many events were dropped.
    func dropEvents() -> Int { outbox.drop { $0.isEvent } }

    private func apply(_ reading: Outbox<Parcel>.Reading) {
        switch reading {
        case .asBefore: break
        case .pause:
            logger.debug("The bus is behind: the bot is read no further.")
            tell(.pause)
        case .resume: tell(.resume)
        }
    }

    // MARK: Events

    func publish(_ event: Event) {
        // Clients get a lifecycle of ours; the bot's says no more than that it is connected.
        if event.isLifecycleConnect { return }
        metrics.publishedEvent(at: .now())
        let body = event.forClients(of: bot)
        let id = sequence.next()
        guard body.readableBytes <= maxMessageBytes else {
            return send(refusedEvent(id: id, because: "it has \(body.readableBytes) bytes"))
        }
        var properties = MessageProperties("event", from: .edge, id: id, at: timestamp)
        properties.isPersistent = true
        send(
            Parcel(
                message: Message(body, properties), exchange: events, key: Exchanges.eventKey(event, of: bot),
                content: .event))
    }

    /// Declares that so many events are lost; everybody hears of it in their place.
    func missed(_ count: Int) { send(gap(id: sequence.next(), missed: count)) }

    /// Stands in the place of lost events. By it clients hear of the loss even where no other event follows, or none
    /// came before.
    private func gap(id: String?, missed: Int) -> Parcel {
        var properties = MessageProperties(Exchanges.gapType, from: .edge, id: id, at: timestamp)
        properties.isPersistent = true
        return Parcel(
            message: Message(EventGap(of: bot, missed: missed).text(time: timestamp), properties),
            exchange: events, key: Exchanges.gapKey(bot), content: .gap)
    }

    // MARK: Answers

    /// Publishes answers. Of those that nobody waits for, failures are noted.
    func publish(_ answers: [EchoTable.Answer]) {
        for answer in answers {
            let content = answer.token.map { Parcel.Content.part(answer.asker, $0) } ?? .answer(answer.asker)
            guard let parcel = parcel(answer.body, for: answer.asker, answer.part, content) else {
                if answer.part != .more { unattended.note(answer, metrics, logger) }
                continue
            }
            let size = answer.body.readableBytes
            if size > maxMessageBytes, let apology = substitute(for: parcel, because: "it has \(size) bytes") {
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

    // MARK: To the bus

    /// Everything goes this way, so that it arrives in the order of the bot.
    private func send(_ parcel: Parcel) {
        apply(outbox.add(parcel, bytes: parcel.message.body.readableBytes))
        publishWaiting()
    }

    /// Publishes what the window has room for. A bus that confirms at once calls this method from within itself; the
    /// inner call does nothing.
    private func publishWaiting() {
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

    /// Adds to an event which member of each group it is for. This is decided as late as possible, so that the member
    /// is still there, and only once, so that all edges hear the same. Heartbeats are for no member in particular.
    private func stamp(_ parcel: inout Parcel) {
        guard case .event = parcel.content, Exchanges.kind(ofEventKey: parcel.key) != .heartbeat,
            let stamp = owners(bot, parcel.message)
        else { return }
        parcel.message.properties.headers.merge(stamp.headers)
    }

    /// From any thread.
    private func ended(_ ticket: Outbox<Parcel>.Ticket, _ outcome: PublishOutcome) {
        guard eventLoop.inEventLoop else { return eventLoop.execute { self.ended(ticket, outcome) } }
        switch outcome {
        case .confirmed:
            apply(outbox.settle(ticket))
        case .unroutable:
            if case .part(_, let token) = outbox[ticket]?.content { tell(.untaken(token)) }
            apply(outbox.settle(ticket))
        case .rejected, .notStored:
            // A message of an earlier round is published once more, and then refused once more.
            guard outbox.isOfThisRound(ticket) else { return }
            guard let parcel = outbox[ticket], let substitute = substitute(for: parcel, because: outcome.refusal ?? "")
            else {
                apply(outbox.settle(ticket))
                break
            }
            apply(outbox.replace(ticket, by: substitute, bytes: substitute.message.body.readableBytes))
            return publish(substitute, ticket)
        case .unreachable, .unknown:
            if outbox.isOfThisRound(ticket) { tell(.failed) }
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
            tell(.untaken(token))
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

    private var timestamp: Int64 { Int64(utcMilliseconds() / 1000) }
}
