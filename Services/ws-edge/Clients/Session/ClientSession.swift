import Actions
import Bus
import Contracts
import Logging
import Metrics
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// One client's connection: actions up, events and responses down. Confined to its shard's event loop.
final class ClientSession: WebSocketDelegate {
    let id: UInt64
    let upgrade: ClientUpgrade
    let home: SessionHome
    let services: SessionServices
    let claim: SessionClaim
    /// Whether it wants to look at each event.
    let isChoosy: Bool
    /// Runs up to that size are as it wants them, though it is choosy.
    let wholeRunBytes: Int
    /// What the `message_id` of each of its actions begins with.
    private(set) lazy var messageIDPrefix = "\(services.address)-\(id)-"
    /// Its place in the group it asked for.
    var seat: GroupSeat?
    /// The first session of a target for its bot: what the bot said before is for it, too.
    var isFirstOfTarget = false
    /// Of a framework that is dialled: what it does in all its connections.
    var watch: CallWatch?

    let connection: any ClientConnection
    private let onEnded: () -> Void
    private(set) var state: ClientSessionState
    var calls = PendingCalls()
    var lookups: [Lookup] = []
    private var own = OwnActions()
    var outbound: ClientOutbound
    /// Items of ours that wait for the lifecycle.
    var held = HeldItems()
    /// Frames that came before the session was registered.
    private var early: [ByteBuffer] = []
    private var isReadingPaused = false
    private var broadcasts = BroadcastMemory()
    var largest = LargestSent()
    /// Whether its answers go out one by one: asked for each frame, when ``answersApart`` is not.
    let wantsAnswersApart: Bool
    var answersApart: AnswersApart?

    /// - Parameter onEnded: called once, on the loop, when the connection is gone.
    init(
        connection: any ClientConnection, upgrade: ClientUpgrade, claim: SessionClaim, home: SessionHome,
        services: SessionServices, onEnded: @escaping () -> Void
    ) {
        self.connection = connection
        self.upgrade = upgrade
        isChoosy = upgrade.choices.concernsEvents
        wholeRunBytes = upgrade.choices.concernsOnlySize ? upgrade.choices.delivery.maxEventBytes ?? 0 : 0
        self.claim = claim
        self.home = home
        self.services = services
        self.onEnded = onEnded
        id = claim.sessionID
        seat = upgrade.group.map { GroupSeat(group: $0) }
        state = ClientSessionState(role: upgrade.role, binding: upgrade.binding)
        outbound = ClientOutbound(services.configuration.outbound, budget: services.budget)
        wantsAnswersApart = upgrade.choices.delivery.oneAnswerPerWrite
        answersApart = wantsAnswersApart ? AnswersApart() : nil
    }

    var isOpen: Bool { state.isOpen }
    var audience: Audience { state.audience.shared(seat != nil) }
    var appID: String? { state.grant?.appID }
    var grant: SessionGrant? { state.grant }
    /// What the registry calls us, kept up to date by its presence changes.
    var client: Client? { state.grant?.client }

    /// Reading waits until the registry knows this client.
    func start() {
        pauseReading()
        if let interval = upgrade.choices.delivery.pingInterval { connection.ping(every: interval) }
        home.add(self)
        let (id, home) = (id, home)
        services.registration.begin(claim) { outcome in home.run(id) { $0.registered(outcome) } }
    }

    // MARK: What the shard tells us

    func registered(_ outcome: Registration.Outcome) {
        switch outcome {
        case .granted(let grant):
            services.leases.granted(grant, to: id)
            if !isOpen, seat?.granted(grant, at: .now()) == true { return }
            let isNew = state.grant == nil
            let opening = state.registered(grant)
            if isNew { logger.info("Client connected.", metadata: [LogKeys.sessionRole: "\(upgrade.role.rawValue)"]) }
            act(on: opening)
            tellBot()
        case .delayed:
            act(on: state.registered(nil))
        case .refused(let failure):
            logger.notice("Client refused.", metadata: [LogKeys.reason: "\(failure.message)"])
            close(.policy(failure.message))
        }
        guard state.readsActions else { return }
        let frames = early
        early = []
        for frame in frames { received(text: frame) }
        resumeReadingIfPossible()
    }

    func known(_ bot: SelfID, isDefault: Bool) {
        let before = state.audience
        let opening = state.known(bot, isDefault: isDefault)
        if before == .unbound { leaveOutOthers(knowing: bot) }
        act(on: opening)
        if state.audience != before {
            home.rebind(self)
            tellBot()
        }
    }

    /// The link of a bot is gone, or another has taken its place. Whoever held it has so long to answer what was in flight.
    func doubt(_ bot: SelfID, _ doubt: PendingCalls.Doubt, at now: NIODeadline) {
        switch doubt {
        case .none: break
        case .gone: calls.doubt(bot, askedBefore: now, deadline: now + PendingCalls.doubtful)
        case .replaced:
            calls.doubt(bot, askedBefore: now - PresenceReplica.lag, deadline: now + PendingCalls.doubtful)
        }
    }

    /// An event of our own: now, or behind the lifecycle.
    func receive(_ rendered: HubFrame) {
        let content = rendered.content
        guard !isChoosy || content.passes(upgrade.choices.filter) else { return }
        guard isOpen, let bot = state.bot else { return hold(.own(rendered.event)) }
        let isSelf = content.isAbout(session: id, at: services.address)
        guard content.isHeard(by: upgrade.choices, isSelf: isSelf) else { return }
        if case .distributed(let event) = rendered.event, event.kind == .broadcast {
            broadcasts.record(event.message.uuid, from: event.message.sender.appID)
        }
        deliver(fitting(rendered.frame(bot: bot, isSelf: isSelf, time: UnixTime.now), of: bot), events: 1)
    }

    func answered(_ call: UInt64, with text: ByteBuffer) {
        guard let call = calls.end(call) else {
            services.metrics.lateAnswers.increment()
            return
        }
        reply(formatted(text, to: call.action), to: call.began)
    }

    /// The name changed, or the registry spoke of us again.
    func renamed(_ client: Client) {
        if let grant = seat?.listed() { registered(.granted(grant)) }
        take(client)
    }

    private func take(_ client: Client) {
        guard var grant = state.grant, grant.appID == client.appID else { return }
        grant.clientName = client.clientName
        services.leases.granted(grant, to: id)
        act(on: state.registered(grant))
    }

    func tick(now: NIODeadline) {
        for call in calls.expire(at: now) { reply(call.late, to: call.began) }
        if let grant = seat?.overdue(at: now) { registered(.granted(grant)) }
        guard outbound.isOverdue(at: now) else { return }
        cut(outbound.dropParts())
        guard outbound.isOverdue(at: now) else { return }
        if let count = outbound.dropOverdue(at: now) {
            dropped(count)
        } else {
            fellBehind()
        }
    }

    /// Stops reading; closes when what is in flight is answered.
    func drain() {
        state.drain()
        pauseReading()
        closeIfDrained()
    }

    /// Answers what is in flight as failed, and closes.
    func endNow() {
        for call in calls.endAll() {
            reply(call.endedByUs, to: call.began)
        }
        close(.stopping(claim.transport))
    }

    func close(_ reason: CloseReason) {
        leaveGroup()
        endPause()
        connection.close(reason)
    }

    func abort() { connection.abort() }

    // MARK: Sending

    /// Writes frames, or keeps them while the client reads too slowly. `events`: how many of them would be missed. `part`: the call that they
    /// answer in part.
    func deliver(
        _ frames: ByteBuffer, events: Int, as kind: OutgoingKind = .event, grouped: GroupedEvent? = nil,
        part: UInt64? = nil
    ) {
        guard !state.hasEnded else { return }
        if events > 0, let watch, watch.delivered(frames, events: events) { callsNoMore() }
        if outbound.isEmpty, mayWrite {
            write(frames, as: kind, isPart: part != nil)
            home.wrote(self)
            return
        }
        switch outbound.append(frames, events: events, as: kind, grouped: grouped, part: part, now: .now()) {
        case .kept(let count): dropped(count)
        case .cut(let calls, let count):
            dropped(count)
            cut(calls)
        case .tooSlow: fellBehind()
        }
    }

    func flush(in batch: SendBatch) { connection.flush(in: batch) }

    /// - Parameter began: when the action came.
    func reply(_ text: ByteBuffer, to began: NIODeadline) {
        services.metrics.actions.answered(with: text, after: .now() - began)
        reply(text)
    }

    private func reply(_ text: ByteBuffer) {
        deliver(HubFrame.encode(text), events: 0, as: .answer)
        resumeReadingIfPossible()
        closeIfDrained()
    }

    func dropped(_ events: Int) {
        if events > 0 { services.metrics.eventsDropped.increment(by: events) }
    }

    // MARK: WebSocketDelegate

    func received(text: ByteBuffer) {
        guard state.readsActions else {
            if !state.isDraining { early.append(text) }
            return
        }
        do {
            let action = try Action(parsing: text)
            watch?.called()
            if let refusal = refusal(of: action) {
                reply(refusal.encoded(echo: action.echo), to: .now())
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

    /// An action that was not kept: it is answered as one that could not be read, and the connection lives on.
    func discarded(_ message: DiscardedMessage) {
        let frame = UnreadableFrame(message, limit: services.configuration.maxMessageBytes)
        frame.cause.count(from: .client)
        reply(frame.cause.refusal.encoded(echo: frame.echo), to: .now())
    }

    func writabilityChanged(isWritable: Bool) {
        if isWritable { writeWaiting() }
    }

    func ponged(_ payload: ByteBuffer) {
        if let step = answersApart?.ponged(payload) { take(step) }
    }

    func closed(_ ending: WebSocketEnding) {
        guard state.end() else { return }
        logger.info("Client disconnected.", metadata: [LogKeys.reason: "\(ending)"])
        if ending.code == 1009, !ending.isOurs {
            logger.warning(
                "A message was larger than a client takes: it closed its connection, and what came since is lost to it.",
                metadata: [LogKeys.reason: "\(largest.advice)"])
        }
        leaveGroup()
        outbound.clear()
        own.clear()
        home.remove(self)
        services.leases.closed(id)
        onEnded()
    }

    // MARK: Actions

    /// An answer that waits only for the one before it is not the client's fault: it asks for less meanwhile.
    private var unanswered: Int { calls.count + own.count + (answersApart == nil ? 0 : outbound.answers) }

    /// Puts one of our own actions behind those this client has asked for before.
    func enqueueOwn(_ job: OwnActions.Job) {
        own.append(job)
        runOwn()
    }

    private func runOwn() {
        guard let job = own.next(at: .now()) else { return }
        let caller = client.map { client in
            let broadcasts = broadcasts
            return ActionCaller(client: client) { broadcasts.latest(from: $0) }
        }
        let (id, home, dispatcher, choice) = (id, home, services.dispatcher, choice)
        if services.logger.logLevel <= .trace {
            logger.trace(
                "An action of ours is carried out.",
                metadata: [LogKeys.action: "\(job.own.name)", LogKeys.traceID: "\(job.trace.traceID)"])
        }
        services.tasks.spawn {
            let response = await TraceParent.$current.withValue(job.trace) {
                await dispatcher.perform(job.own, params: job.action.params, as: caller, for: choice)
            }
            home.run(id) { $0.finishedOwn(job, response) }
            // Also where the session has gone meanwhile. It may be told twice, and listens once.
            if case .callback(let answer) = job.answer { answer(response) }
        }
    }

    private func finishedOwn(_ job: OwnActions.Job, _ response: Response) {
        // What it does next it does under its new name, whether or not everybody has been told of that.
        if let name = job.newName, response.retcode == .ok, let appID { take(Client(appID: appID, clientName: name)) }
        for (job, response) in own.finished(job, response, at: .now()) {
            switch job.answer {
            case .frame(let echo): reply(response.encoded(echo: echo), to: job.began)
            case .callback(let answer): answer(response)
            }
        }
        runOwn()
        resumeReadingIfPossible()
        closeIfDrained()
    }

    // MARK: Opening, reading, draining

    private func act(on opening: ClientSessionState.Opening) {
        guard opening == .open else { return }
        home.rebind(self)
        if upgrade.role.receivesEvents, upgrade.choices.metaEvents, let bot = state.bot {
            let lifecycle = MetaEvents.lifecycle(
                time: UnixTime.now, selfID: bot, appID: state.grant?.appID, clientToken: state.grant?.clientToken,
                isPosted: claim.transport == .webhook)
            deliver(HubFrame.encode(lifecycle), events: 0)
        }
        releaseHeld()
    }

    /// The list says which bot a client is for, also where that was not known when it came.
    private func tellBot() {
        if state.grant != nil, case .bot(let bot) = state.binding { services.leases.bound(id, to: bot) }
    }

    private func pauseReading() {
        guard !isReadingPaused else { return }
        isReadingPaused = true
        connection.pauseReading()
    }

    private func resumeReadingIfPossible() {
        guard isReadingPaused, state.readsActions, unanswered < services.configuration.maxUnanswered else { return }
        isReadingPaused = false
        connection.resumeReading()
    }

    /// Some of those that waited for each other.
    func answersWentOut() {
        resumeReadingIfPossible()
        closeIfDrained()
    }

    private func closeIfDrained() {
        if state.isDraining, unanswered == 0 { close(.stopping(claim.transport)) }
    }
}
