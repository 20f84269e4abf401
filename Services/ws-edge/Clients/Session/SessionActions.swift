import Actions
import Contracts
import Logging
import Metrics
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// What one client has asked for: actions of bots and of ours, from the frame to the answer. Confined to the loop.
///
///     waiting ──the session is registered──▶ reading ──drain──▶ draining ──▶ ended
final class SessionActions {
    /// What the session is told, so that it does something about it.
    enum News {
        /// It asked for a name, and has it.
        case renamed(to: String)
        /// Everything is answered, and nothing more is read.
        case drained
    }

    /// The bot that is meant where an action names none, and which bots an action may name.
    var choice: BotChoice
    /// What the registry calls it; `nil` while it is not known there.
    var client: Client?

    private let id: UInt64
    private let connection: any ClientConnection
    private let feed: SessionFeed
    private let home: SessionHome
    private let services: ActionServices
    private var tell: (News) -> Void = { _ in }
    /// The client's, made when it is needed.
    private var logger: () -> Logger? = { nil }
    /// What the `message_id` of each of its actions begins with.
    private lazy var messageIDPrefix = "\(services.address)-\(id)-"
    private var phase = Phase.waiting
    /// Frames that came before the session was registered.
    private var early: [ByteBuffer] = []
    private var isReadingPaused = false
    private var calls = PendingCalls()
    private var lookups: [Lookup] = []
    private var own = OwnActions()

    private enum Phase { case waiting, reading, draining, ended }

    /// An action that waits because others are asked for its bot, or for the bot of an action before it.
    private struct Lookup {
        let action: Action
        let call: UInt64
        let wish: BotChoice.Wish
    }

    private enum Verdict {
        case bot(SelfID)
        case refused(RPC.Failure)
        /// The bot is not known here: others may know it already, or know why there is none.
        case unknown
    }

    init(
        of id: UInt64, over connection: any ClientConnection, choice: BotChoice, feed: SessionFeed, home: SessionHome,
        services: ActionServices
    ) {
        self.id = id
        self.connection = connection
        self.choice = choice
        self.feed = feed
        self.home = home
        self.services = services
    }

    /// To be called before anything is read.
    func begin(telling tell: @escaping (News) -> Void, logger: @escaping () -> Logger?) {
        self.tell = tell
        self.logger = logger
    }

    // MARK: What the client sends

    /// The session is registered, or is served all the same: actions are read from now on.
    func read() {
        switch phase {
        case .waiting: phase = .reading
        case .reading: break
        case .draining, .ended: return
        }
        let frames = early
        early = []
        for frame in frames { received(text: frame) }
        resumeReadingIfPossible()
    }

    func received(text: ByteBuffer) {
        switch phase {
        case .waiting: return early.append(text)
        case .reading: break
        case .draining, .ended: return
        }
        do {
            let action = try Action(parsing: text)
            feed.watch?.called()
            // The token may not be for that action. Whether it is for the action's bot is another question
            // (``choice``).
            if let refusal = choice.scope.refusal(ofAction: action.name) {
                reply(Response.failed(.forbidden, refusal).encoded(echo: action.echo), to: .now())
            } else if let own = OwnAction(called: action.name) {
                enqueueOwn(OwnActions.Job(own: own, action: action, answer: .frame(action.echo)))
            } else {
                callBot(action)
            }
        } catch {
            reply(error.response, to: .now())
        }
        if unanswered >= services.configuration.maxUnanswered { pauseReading() }
    }

    /// An action whose text was not kept: it is answered as one that could not be read, and the connection lives on.
    func discarded(_ message: DiscardedMessage) {
        let frame = UnreadableFrame(message, limit: services.configuration.maxMessageBytes)
        frame.cause.count(from: .client)
        reply(frame.cause.refusal.encoded(echo: frame.echo), to: .now())
    }

    func pauseReading() {
        guard !isReadingPaused else { return }
        isReadingPaused = true
        connection.pauseReading()
    }

    private func resumeReadingIfPossible() {
        guard isReadingPaused, phase == .reading, unanswered < services.configuration.maxUnanswered else { return }
        isReadingPaused = false
        connection.resumeReading()
    }

    private var unanswered: Int { calls.count + own.count + feed.waitingAnswers }

    // MARK: Answers

    /// - Parameter began: when the action came.
    private func reply(_ text: ByteBuffer, to began: NIODeadline) {
        services.metrics.actions.answered(with: text, after: .now() - began)
        feed.deliver(HubFrame.encode(text), events: 0, as: .answer)
        answersWentOut()
    }

    /// Called also when answers went out that had waited for each other.
    func answersWentOut() {
        resumeReadingIfPossible()
        tellIfDrained()
    }

    private func tellIfDrained() {
        if phase == .draining, unanswered == 0 { tell(.drained) }
    }

    func answered(_ call: UInt64, with text: ByteBuffer) {
        guard let call = calls.end(call) else {
            services.metrics.lateAnswers.increment()
            return
        }
        reply(formatted(text, to: call.action), to: call.began)
    }

    /// One of several answers to a call, with more to come.
    func answeredInPart(_ call: UInt64, with text: ByteBuffer) {
        // A call that has ended before was cut, or given up: nobody wants the rest.
        guard calls.renew(call, at: .now()) else { return }
        feed.deliver(HubFrame.encode(text), events: 0, as: .answer, part: call)
    }

    /// A bot's answer in the message format of this client.
    private func formatted(_ answer: ByteBuffer, to action: String) -> ByteBuffer {
        guard let format = feed.upgrade.choices.messageFormat, action == "get_msg" else { return answer }
        return format.convert(answer: answer) ?? answer
    }

    /// Ends answers in parts, so that all else that waits for this client goes on.
    func cut(_ cut: [UInt64]) {
        for call in cut.compactMap({ calls.end($0) }) {
            services.metrics.answersCut.increment()
            logger()?.notice(
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

    /// The link of a bot is gone, or another one has taken its place. The edge that held it has
    /// ``PendingCalls/doubtful`` to answer what was in flight.
    func doubt(_ bot: SelfID, _ doubt: PendingCalls.Doubt, at now: NIODeadline) {
        switch doubt {
        case .none: break
        case .gone: calls.doubt(bot, askedBefore: now, deadline: now + PendingCalls.doubtful)
        case .replaced:
            calls.doubt(bot, askedBefore: now - PresenceReplica.lag, deadline: now + PendingCalls.doubtful)
        }
    }

    /// Once a second: deadlines.
    func tick(now: NIODeadline) {
        for call in calls.expire(at: now) { reply(call.late, to: call.began) }
    }

    // MARK: The end

    /// Stops reading; tells when what is in flight is answered.
    func drain() {
        if phase != .ended { phase = .draining }
        pauseReading()
        tellIfDrained()
    }

    /// Answers what is in flight as failed.
    func endCalls() {
        for call in calls.endAll() { reply(call.endedByUs, to: call.began) }
    }

    /// The connection is gone.
    func end() {
        phase = .ended
        own.clear()
        tell = { _ in }
        logger = { nil }
    }

    // MARK: Actions of bots

    /// Sends an action to the bot it is for, or answers why not.
    private func callBot(_ action: Action) {
        let wish = BotChoice.Wish(action.selfID)
        let verdict = lookups.isEmpty ? verdict(on: wish) : .unknown
        switch verdict {
        case .bot(let bot): send(action, call: begin(action, of: bot), to: bot)
        case .refused(let failure): reply(failure.response.encoded(echo: action.echo), to: .now())
        case .unknown:
            // No action overtakes another one.
            lookups.append(Lookup(action: action, call: begin(action, of: nil), wish: wish))
            if lookups.count == 1 { lookUp(wish) }
        }
    }

    private func verdict(on wish: BotChoice.Wish) -> Verdict {
        let (choice, presence) = (choice, services.presence.current)
        // A bot may be the only one that is known here, and not the only one there is.
        if wish == .standard, choice.standard == .onlyBot, !presence.isComplete { return .unknown }
        do throws(RPC.Failure) {
            return .bot(try choice.bot(wish, in: presence))
        } catch {
            let mayBeKnownElsewhere =
                switch wish {
                case .bot(let bot): choice.scope.includes(bot)
                case .standard: presence.bots.isEmpty
                case .unreadable: false
                }
            return mayBeKnownElsewhere ? .unknown : .refused(error)
        }
    }

    private func lookUp(_ wish: BotChoice.Wish) {
        let (id, home, dispatcher, choice) = (id, home, services.dispatcher, choice)
        services.tasks.spawn {
            let verdict: Verdict
            do throws(RPC.Failure) {
                verdict = .bot(try await dispatcher.bot(wish, choice))
            } catch {
                verdict = .refused(error)
            }
            home.run(id) { $0.actions.lookedUp(verdict) }
        }
    }

    /// Deals with the oldest action that waits for its bot as the lookup says, and then with the others in order, as
    /// far as their bots are known.
    private func lookedUp(_ verdict: Verdict) {
        var verdict = verdict
        while let next = lookups.first {
            switch verdict {
            case .bot(let bot): if calls.address(next.call, to: bot) { send(next.action, call: next.call, to: bot) }
            case .refused(let failure): couldNotCall(next.call, failure.response)
            case .unknown: return lookUp(next.wish)
            }
            lookups.removeFirst()
            if let next = lookups.first { verdict = self.verdict(on: next.wish) }
        }
    }

    private func send(_ action: Action, call: UInt64, to bot: SelfID) {
        let trace = TraceParent.make()
        let (id, home, name) = (id, home, action.name)
        if services.isTracing {
            logger()?.trace(
                "An action goes to a bot.",
                metadata: [LogKeys.action: "\(name)", LogKeys.selfID: "\(bot)", LogKeys.traceID: "\(trace.traceID)"])
        }
        services.calls.publish(
            action, CallID(session: id, call: call), messageID: messageIDPrefix + String(call),
            priority: feed.upgrade.priority, trace: trace, to: bot, timeout: patience(for: action)
        ) { outcome in
            guard let response = BotCalls.refusal(outcome, name, bot) else { return }
            home.run(id) { $0.actions.couldNotCall(call, response) }
        }
    }

    private func patience(for action: Action) -> Duration { services.configuration.patience.patience(for: action.name) }

    /// The bot's edge counts how long the action waits for its turn and, from sending it, how long the bot takes. Our
    /// timeout is the last resort, so it is longer.
    private func begin(_ action: Action, of bot: SelfID?) -> UInt64 {
        calls.begin(action, of: bot, at: .now(), timeout: TimeAmount(patience(for: action) + ActionPatience.grace))
    }

    /// An action that could not even be handed to the bot's edge.
    private func couldNotCall(_ call: UInt64, _ response: Response) {
        if let call = calls.end(call) { reply(call.failed(response), to: call.began) }
    }

    // MARK: Actions of ours

    /// Puts one of our own actions behind those this client has asked for before.
    func enqueueOwn(_ job: OwnActions.Job) {
        own.append(job)
        runOwn()
    }

    private func runOwn() {
        guard let job = own.next(at: .now()) else { return }
        let caller = client.map { client in
            let broadcasts = feed.broadcasts
            return ActionCaller(client: client) { broadcasts.latest(from: $0) }
        }
        let (id, home, dispatcher, choice) = (id, home, services.dispatcher, choice)
        if services.isTracing {
            logger()?.trace(
                "An action of ours is carried out.",
                metadata: [LogKeys.action: "\(job.own.name)", LogKeys.traceID: "\(job.trace.traceID)"])
        }
        services.tasks.spawn {
            let response = await TraceParent.$current.withValue(job.trace) {
                await dispatcher.perform(job.own, params: job.action.params, as: caller, for: choice)
            }
            home.run(id) { $0.actions.finishedOwn(job, response) }
            // The caller is told also where the session has gone meanwhile. It may be told twice, and only the first
            // time counts.
            if case .callback(let answer) = job.answer { answer(response) }
        }
    }

    private func finishedOwn(_ job: OwnActions.Job, _ response: Response) {
        // The client's next action is carried out under its new name, whether or not everybody has been told of that
        // name.
        if let name = job.newName, response.retcode == .ok { tell(.renamed(to: name)) }
        for (job, response) in own.finished(job, response, at: .now()) {
            switch job.answer {
            case .frame(let echo): reply(response.encoded(echo: echo), to: job.began)
            case .callback(let answer): answer(response)
            }
        }
        runOwn()
        answersWentOut()
    }
}
