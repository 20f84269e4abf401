import Contracts
import Metrics
import NIOCore
import OneBot
import Synchronization
import WebSocketTransport

/// The sessions of one event loop. Anyone may hand it work; it carries that out on its loop, all that came since the
/// last turn together: one hop per loop and turn, each frame encoded once, one flush per session (docs/decisions/0003).
///
/// `@unchecked Sendable`: `backlog` is behind its mutex; everything else is touched on `eventLoop` only.
final class HubShard: @unchecked Sendable {  // confined to its event loop, as said above
    let eventLoop: any EventLoop
    private let backlog = Mutex(Backlog())

    private var state = HubState<ClientSession>()
    private var bots = KnownBots()
    /// `nil` where there are no targets.
    private var firstEvents: FirstEvents?
    /// The sessions that want to hear of every client, however many there are.
    private var curious: [UInt64: ClientSession] = [:]
    /// What the sessions here know of this shard.
    private(set) lazy var home = SessionHome(
        on: eventLoop, add: { [weak self] in self?.add($0) }, remove: { [weak self] in self?.remove($0) },
        rebind: { [weak self] in self?.rebind($0) }, isKnown: { [weak self] in self?.isKnown($0) == true },
        run: { [weak self] in self?.enqueue(.onSession($0, $1)) })
    private var ownHeartbeats = OwnHeartbeats()
    private let heartbeatInterval: Duration
    private let metrics: EdgeMetrics

    private struct Backlog {
        var work: [ShardWork] = []
        var bytes = 0
        var isScheduled = false
        /// When the first of the events came.
        var eventsSince: NIODeadline?
    }

    init(eventLoop: any EventLoop, heartbeatInterval: Duration, hasTargets: Bool, metrics: EdgeMetrics) {
        self.metrics = metrics
        firstEvents = hasTargets ? FirstEvents(began: UnixTime.milliseconds) : nil
        self.eventLoop = eventLoop
        self.heartbeatInterval = heartbeatInterval
    }

    /// From any thread: the work of one caller is carried out in its order.
    /// - Returns: the bytes that wait here now.
    @discardableResult
    func enqueue(_ work: ShardWork) -> Int {
        let (bytes, mustSchedule) = backlog.withLock { backlog in
            backlog.work.append(work)
            backlog.bytes += work.bytes
            if case .tell(.events) = work, backlog.eventsSince == nil { backlog.eventsSince = .now() }
            defer { backlog.isScheduled = true }
            return (backlog.bytes, !backlog.isScheduled)
        }
        if mustSchedule { eventLoop.execute { self.drain() } }
        return bytes
    }

    /// Carries out an action of ours in a session's name; `gone` is called where it is not here (any more).
    func perform(_ job: OwnActions.Job, in session: UInt64, appID: String, gone: @escaping @Sendable () -> Void) {
        eventLoop.execute {
            guard let session = self.state[session], session.appID == appID else { return gone() }
            session.actions.enqueueOwn(job)
        }
    }

    var backlogBytes: Int { backlog.withLock { $0.bytes } }

    // MARK: On the loop

    func add(_ session: ClientSession) {
        eventLoop.preconditionInEventLoop()
        state.add(session, id: session.id, to: session.audience)
        if session.upgrade.role.receivesEvents, session.upgrade.choices.clientStatus == .all {
            curious[session.id] = session
        }
        ownHeartbeats.add(session) { interval in
            eventLoop.scheduleRepeatedTask(initialDelay: TimeAmount(interval), delay: TimeAmount(interval)) { _ in
                self.ownHeartbeat(every: interval, time: UnixTime.now)
            }
        }
        for (bot, isDefault) in bots.all { session.known(bot, isDefault: isDefault) }
        guard session.isFirstOfTarget, session.feed.seat == nil, case .bot(let bot) = session.upgrade.binding else {
            return
        }
        for item in firstEvents?.items(of: bot) ?? [] { session.feed.catchUp(on: item) }
    }

    private func remove(_ session: ClientSession) {
        eventLoop.preconditionInEventLoop()
        state.remove(session.id)
        curious[session.id] = nil
        ownHeartbeats.remove(session)
    }

    /// The session found out which bot it is for.
    private func rebind(_ session: ClientSession) { state.move(session.id, to: session.audience) }

    /// Whether the registry has told everybody of that bot.
    private func isKnown(_ bot: SelfID) -> Bool { bots.isKnown(bot) }

    /// Once a second: deadlines of actions, clients too far behind.
    func tick(now: NIODeadline) {
        for session in state.all { session.tick(now: now) }
        firstEvents?.expire(at: now)
    }

    /// Once per interval: one heartbeat per bot, encoded once.
    func heartbeat(time: Int64) {
        var following = Set(state.boundBots)
        if state.followsEveryBot { following.formUnion(bots.ids) }
        for bot in following where bots.isKnown(bot) {
            let frame = heartbeat(of: bot, time: time, interval: heartbeatInterval)
            state.forEachFollower(of: bot) { session in
                if session.feed.hearsHeartbeats(of: bot) { session.feed.deliver(frame, events: 0) }
            }
        }
    }

    /// Once per interval that somebody chose; encoded once for each bot.
    private func ownHeartbeat(every interval: Duration, time: Int64) {
        var frames: [SelfID: ByteBuffer] = [:]
        for session in ownHeartbeats.sessions(every: interval) {
            let following = session.audience.bots(among: bots.ids)
            for bot in following where bots.isKnown(bot) && session.feed.hearsHeartbeats(of: bot, every: interval) {
                let frame = frames[bot] ?? heartbeat(of: bot, time: time, interval: interval)
                frames[bot] = frame
                session.feed.deliver(frame, events: 0)
            }
        }
    }

    private func heartbeat(of bot: SelfID, time: Int64, interval: Duration) -> ByteBuffer {
        HubFrame.encode(
            MetaEvents.heartbeat(
                time: time, selfID: bot, status: bots.status(of: bot), isAway: bots.isAway(bot),
                intervalMilliseconds: Int64(interval / .milliseconds(1))))
    }

    private func drain() {
        let (work, eventsSince) = backlog.withLock { backlog in
            defer { backlog = Backlog() }
            return (backlog.work, backlog.eventsSince)
        }
        home.beginTurn()
        var run = EventRun()
        for next in work {
            if case .tell(.events(let bot, let frames, let count)) = next {
                if let full = run.append(frames, count: count, of: bot) { deliver(full) }
                continue
            }
            // A grouped event is for one session only, and need not end the run, which is for others.
            if case .tell(.grouped(let event)) = next {
                deliver(event)
                continue
            }
            if let full = run.take() { deliver(full) }
            carryOut(next)
        }
        if let full = run.take() { deliver(full) }
        home.endTurn()
        if let eventsSince { metrics.eventHandling.recordNanoseconds((NIODeadline.now() - eventsSince).nanoseconds) }
    }

    private func carryOut(_ work: ShardWork) {
        switch work {
        case .tell(.events(let bot, let frames, let count)):
            deliver(EventRun.Joined(bot: bot, frames: frames, count: count))
        case .tell(.grouped(let event)): deliver(event)
        case .tell(.own(let event)): announce(event)
        case .bot(let bot, let isDefault):
            let wasOnline = bots.isOnline(bot.selfID)
            let now = NIODeadline.now()
            firstEvents?.known(bot, isKnown: bots.isKnown(bot.selfID), at: now)
            let doubt = bots.update(bot, isDefault: isDefault)
            for session in state.all {
                session.known(bot.selfID, isDefault: isDefault)
                session.actions.doubt(bot.selfID, doubt, at: now)
            }
            if let wasOnline, wasOnline != bot.isOnline { tell(of: bot.selfID, isOnline: bot.isOnline) }
        case .heartbeatStatus(let bot, let status): bots.setStatus(status, of: bot)
        case .answer(let session, let call, let text, isFollowed: false):
            state[session]?.actions.answered(call, with: text)
        case .answer(let session, let call, let text, isFollowed: true):
            state[session]?.actions.answeredInPart(call, with: text)
        case .onSession(let session, let work): if let session = state[session] { work(session) }
        case .onEverySession(let work): for session in state.all { work(session) }
        }
    }

    /// A bot's link went or came back: every client is told at once, by a heartbeat, or by a notice where it has none.
    private func tell(of bot: SelfID, isOnline: Bool) {
        announce(.botStatus(BotStatus(of: bot, isOnline: isOnline)))
        let time = UnixTime.now
        var heartbeats: [Duration: ByteBuffer] = [:]
        state.forEachFollower(of: bot) { session in
            guard let interval = session.feed.heartbeatInterval,
                session.feed.hearsHeartbeats(of: bot, every: session.feed.ownHeartbeatInterval)
            else { return }
            let frame = heartbeats[interval] ?? heartbeat(of: bot, time: time, interval: interval)
            heartbeats[interval] = frame
            session.feed.deliver(frame, events: 0)
        }
    }

    private func deliver(_ run: EventRun.Joined) {
        var delivered = 0
        defer { if delivered > 0 { metrics.events.delivered.increment(by: delivered) } }
        // The events one by one, made only where a session wants to look at them.
        var events: [EventView] = []
        func offer(_ session: ClientSession) {
            let feed = session.feed
            guard feed.isChoosy, run.frames.readableBytes > feed.wholeRunBytes else {
                delivered += give(run, to: feed)
                return
            }
            if events.isEmpty { events = EventView.all(of: run) }
            if let chosen = feed.chosen(from: events, of: run) { delivered += give(chosen, to: feed) }
        }
        state.forEachRecipient(of: run.bot, offer)
        for session in waiting(for: run.bot) where session.feed.seat == nil { offer(session) }
        firstEvents?.append(
            .events(run.bot, frames: run.frames, count: run.count), of: run.bot, isKnown: bots.isKnown(run.bot))
    }

    /// The sessions whose bot is not known yet, and may turn out to be this one as long as the registry has told nobody
    /// of it.
    private func waiting(for bot: SelfID) -> [ClientSession] {
        guard state.waitingCount > 0, !bots.isKnown(bot) else { return [] }
        return state.members(of: .unbound)
    }

    /// - Returns: how many events it gets now.
    private func give(_ run: EventRun.Joined, to feed: SessionFeed) -> Int {
        guard feed.isOpen else {
            feed.hold(.events(run.bot, frames: run.frames, count: run.count))
            return 0
        }
        feed.deliver(run.frames, events: run.count)
        return run.count
    }

    private func deliver(_ event: GroupedEvent) {
        guard let session = state[event.owner.sessionID], session.takes(event) else { return event.orphaned() }
        session.feed.receive(event)
    }

    /// Events of our own differ by the bot a session is bound to: rendered once for each.
    private func announce(_ event: OwnEvent) {
        let rendered = HubFrame(event)
        switch rendered.content.hearers {
        case .everybody: state.forEachRecipient { $0.feed.receive(rendered) }
        case .clients(let appIDs):
            let appIDs = Set(appIDs)
            state.forEachRecipient { session in
                if let appID = session.appID {
                    if appIDs.contains(appID) { session.feed.receive(rendered) }
                } else if !session.isOpen {
                    // Others may have heard who this client is before its session has.
                    session.feed.hold(.own(event))
                }
            }
        case .curious(and: let id):
            for session in curious.values { session.feed.receive(rendered) }
            if curious[id] == nil, let own = state[id], own.upgrade.role.receivesEvents { own.feed.receive(rendered) }
        case .followers(of: let bot):
            state.forEachFollower(of: bot) { $0.feed.receive(rendered) }
            for session in waiting(for: bot) { session.feed.hold(.own(event)) }
            firstEvents?.append(.own(event), of: bot, isKnown: bots.isKnown(bot))
        case .followersWithoutHeartbeat(of: let bot):
            state.forEachFollower(of: bot) { if $0.feed.heartbeatInterval == nil { $0.feed.receive(rendered) } }
        }
    }
}
