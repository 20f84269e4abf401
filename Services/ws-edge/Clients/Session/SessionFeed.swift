import Actions
import Contracts
import Metrics
import NIOCore
import OneBot
import WebSocketTransport

/// What one client hears: frames that go out now, and those that wait, for the lifecycle, for the socket, or for a
/// moment after an answer. Confined to its event loop.
final class SessionFeed {
    /// What the session is told, so that it does something about it.
    enum News {
        /// Answers in parts to these calls had to go: the client takes them too slowly.
        case cut([UInt64])
        /// The client is further behind than it may be.
        case fellBehind(bytes: Int)
        /// A framework that we dial gets messages, and has called no action since it was connected anew, although it
        /// did before.
        case callsNoMore
        /// Some of the answers that waited for each other went out.
        case answersWentOut
    }

    let upgrade: ClientUpgrade
    /// Whether it wants to look at each event.
    let isChoosy: Bool
    /// Runs up to that size are as it wants them, though it is choosy.
    let wholeRunBytes: Int
    /// Its place in the group it asked for.
    var seat: GroupSeat?
    /// Watches a framework that we dial, over all its connections.
    var watch: CallWatch?
    /// The lifecycle has been sent, or there is none.
    private(set) var isOpen = false
    private(set) var broadcasts = BroadcastMemory()

    private let id: UInt64
    private let address: EdgeAddress
    private let connection: any ClientConnection
    private let home: SessionHome
    private let metrics: EdgeMetrics
    /// The interval of clients that chose none.
    private let commonHeartbeatInterval: Duration
    private var tell: (News) -> Void = { _ in }
    private var bot: SelfID?
    private var hasEnded = false
    private var outbound: ClientOutbound
    /// Items of ours that wait for the lifecycle.
    private var held = HeldItems()
    private var largest = LargestSent()
    /// Whether its answers go out one by one. It is kept beside ``answersApart`` because it is asked for each frame.
    private let wantsAnswersApart: Bool
    private var answersApart: AnswersApart?

    init(
        of id: UInt64, over connection: any ClientConnection, upgrade: ClientUpgrade, home: SessionHome,
        services: SessionServices
    ) {
        self.id = id
        self.connection = connection
        self.upgrade = upgrade
        self.home = home
        address = services.address
        metrics = services.metrics
        commonHeartbeatInterval = services.configuration.heartbeatInterval
        isChoosy = upgrade.choices.concernsEvents
        wholeRunBytes = upgrade.choices.concernsOnlySize ? upgrade.choices.delivery.maxEventBytes ?? 0 : 0
        seat = upgrade.group.map { GroupSeat(group: $0) }
        outbound = ClientOutbound(services.configuration.outbound, budget: services.budget)
        wantsAnswersApart = upgrade.choices.delivery.oneAnswerPerWrite
        answersApart = wantsAnswersApart ? AnswersApart() : nil
    }

    /// To be called before anything is sent.
    func begin(telling tell: @escaping (News) -> Void) { self.tell = tell }

    // MARK: The lifecycle, and what waits behind it

    /// The bot whose `self_id` our own events carry is known.
    func knows(_ bot: SelfID?) { self.bot = bot }

    /// Sends the lifecycle, and then what waited for it.
    func open(as grant: SessionGrant?, isPosted: Bool) {
        isOpen = true
        if upgrade.role.receivesEvents, upgrade.choices.metaEvents, let bot {
            let lifecycle = MetaEvents.lifecycle(
                time: UnixTime.now, selfID: bot, appID: grant?.appID, clientToken: grant?.clientToken,
                isPosted: isPosted)
            deliver(HubFrame.encode(lifecycle), events: 0)
        }
        releaseHeld(to: grant?.appID)
    }

    func hold(_ item: ClientItem) { dropped(held.append(item)) }

    /// Takes what its bot said before this session began; to be called before the lifecycle is sent.
    func catchUp(on item: ClientItem) {
        guard case .events(let bot, let frames, let count) = item, isChoosy else { return hold(item) }
        let run = EventRun.Joined(bot: bot, frames: frames, count: count)
        guard let chosen = chosen(from: EventView.all(of: run), of: run) else { return }
        hold(.events(bot, frames: chosen.frames, count: chosen.count))
    }

    /// The session held the events of every bot that might have become its own. If the bot that is known now is its
    /// own, the events of all others are left out; if it is not, the events of that one are.
    func leaveOutOthers(knowing bot: SelfID) {
        let isOwn = self.bot == bot
        for event in held.leaveOut(where: { ($0 == bot) != isOwn }) { event.orphaned() }
    }

    private func releaseHeld(to appID: String?) {
        for item in held.takeAll() {
            switch item {
            case .events(_, let frames, let count): deliver(frames, events: count)
            case .grouped(let event): receive(event)
            case .own(let event): release(HubFrame(event), to: appID)
            }
        }
    }

    /// An event for certain clients may have come before it was known which client this is.
    private func release(_ rendered: HubFrame, to appID: String?) {
        if case .clients(let appIDs) = rendered.content.hearers {
            guard let appID, appIDs.contains(appID) else { return }
        }
        receive(rendered)
    }

    // MARK: What it hears

    /// An event of our own: now, or behind the lifecycle.
    func receive(_ rendered: HubFrame) {
        let content = rendered.content
        guard !isChoosy || content.passes(upgrade.choices.filter) else { return }
        guard isOpen, let bot else { return hold(.own(rendered.event)) }
        let isSelf = content.isAbout(session: id, at: address)
        guard content.isHeard(by: upgrade.choices, isSelf: isSelf) else { return }
        if case .distributed(let event) = rendered.event, event.kind == .broadcast {
            broadcasts.record(event.message.uuid, from: event.message.sender.appID)
        }
        deliver(fitting(rendered.frame(bot: bot, isSelf: isSelf, time: UnixTime.now), of: bot), events: 1)
    }

    /// An event of its bot that this member of its group is to have: now, or behind the lifecycle.
    func receive(_ event: GroupedEvent) {
        guard isOpen else { return hold(.grouped(event)) }
        // The session left its group while it was given what it had held, and before this event.
        guard seat?.hasLeft == false else { return event.orphaned() }
        var frames = event.frames
        if isChoosy {
            let run = EventRun.Joined(bot: event.place.bot, frames: frames, count: 1)
            guard let chosen = chosen(from: EventView.all(of: run), of: run) else { return }
            frames = chosen.frames
        }
        metrics.events.delivered.increment()
        deliver(frames, events: 1, grouped: event)
    }

    /// The session goes, or is about to: what was not written to it yet is for others of its group.
    func leaveGroup() {
        guard seat?.leave() == true else { return }
        for event in outbound.takeGrouped() + held.takeGrouped() { event.orphaned() }
    }

    // MARK: What it has chosen, where that differs from what everybody gets (``ClientChoices``)

    /// Those of a run's events that are for this client, as it wants them; `nil`: none.
    func chosen(from events: [EventView], of run: EventRun.Joined) -> EventRun.Joined? {
        let choices = upgrade.choices
        let wanted = events.filter { choices.wants($0) }
        guard !wanted.isEmpty else { return nil }
        let (form, maxEventBytes) = (choices.form, choices.delivery.maxEventBytes)
        // Where all events together are no larger than one may be, no single one is.
        let allFit = maxEventBytes.map { run.frames.readableBytes <= $0 } ?? true
        if wanted.count == events.count, allFit, form.isAsSent || !wanted.contains(where: form.concerns) {
            return run
        }
        var frames = FittingFrames(run.bot, maxEventBytes: maxEventBytes)
        for event in wanted { frames.append(event.frame(in: form)) }
        if frames.leftOut > 0 { metrics.events.tooLarge.increment(by: frames.leftOut) }
        // The count includes the events that a gap stands for: where the gap is dropped, they are as well.
        return EventRun.Joined(bot: run.bot, frames: frames.finish(), count: wanted.count)
    }

    /// An event of our own or, where it is larger than this client takes, a gap in its place.
    private func fitting(_ frame: ByteBuffer, of bot: SelfID) -> ByteBuffer {
        guard let maxEventBytes = upgrade.choices.delivery.maxEventBytes, frame.readableBytes > maxEventBytes else {
            return frame
        }
        var frames = FittingFrames(bot, maxEventBytes: maxEventBytes)
        frames.append(frame)
        if frames.leftOut > 0 { metrics.events.tooLarge.increment() }
        return frames.finish()
    }

    /// The time between two of its heartbeats; `nil`: it has none.
    var heartbeatInterval: Duration? {
        let interval = upgrade.choices.heartbeatInterval ?? commonHeartbeatInterval
        return upgrade.choices.metaEvents && interval > .zero ? interval : nil
    }

    /// Its interval, where that is not everybody's.
    var ownHeartbeatInterval: Duration? {
        guard let interval = upgrade.choices.heartbeatInterval, interval != commonHeartbeatInterval, interval > .zero,
            upgrade.choices.metaEvents, upgrade.role.receivesEvents
        else { return nil }
        return interval
    }

    /// Whether it gets a bot's heartbeats: everybody's (`nil`), or those of that interval.
    func hearsHeartbeats(of bot: SelfID, every interval: Duration? = nil) -> Bool {
        guard isOpen, upgrade.choices.metaEvents, upgrade.choices.heartbeatInterval != .zero else { return false }
        return ownHeartbeatInterval == interval && upgrade.choices.filter.passes(selfID: bot)
    }

    // MARK: Sending

    /// Writes frames, or keeps them while the client reads too slowly. `events`: how many of them would be missed.
    /// `part`: the call that they answer in part.
    func deliver(
        _ frames: ByteBuffer, events: Int, as kind: OutgoingKind = .event, grouped: GroupedEvent? = nil,
        part: UInt64? = nil
    ) {
        guard !hasEnded else { return }
        if events > 0, let watch, watch.delivered(frames, events: events) { tell(.callsNoMore) }
        if outbound.isEmpty, mayWrite {
            write(frames, as: kind, isPart: part != nil)
            return home.wrote(self)
        }
        wait(frames, events: events, as: kind, grouped: grouped, part: part)
    }

    private func wait(
        _ frames: ByteBuffer, events: Int, as kind: OutgoingKind, grouped: GroupedEvent?, part: UInt64?
    ) {
        switch outbound.append(frames, events: events, as: kind, grouped: grouped, part: part, now: .now()) {
        case .kept(let count): dropped(count)
        case .cut(let calls, let count):
            dropped(count)
            tell(.cut(calls))
        case .tooSlow: tell(.fellBehind(bytes: outbound.bytes))
        }
    }

    func flush(in batch: SendBatch) { connection.flush(in: batch) }

    /// Once a second: whether it is too far behind.
    func tick(now: NIODeadline) {
        guard outbound.isOverdue(at: now) else { return }
        tell(.cut(outbound.dropParts()))
        guard outbound.isOverdue(at: now) else { return }
        if let count = outbound.dropOverdue(at: now) {
            dropped(count)
        } else {
            tell(.fellBehind(bytes: outbound.bytes))
        }
    }

    func writabilityChanged(isWritable: Bool) {
        if isWritable { writeWaiting() }
    }

    func ponged(_ payload: ByteBuffer) {
        if let step = answersApart?.ponged(payload) { take(step) }
    }

    /// Whole answers that wait for the one before them. That is not the client's fault, so they count as unanswered:
    /// fewer of its actions are read meanwhile.
    var waitingAnswers: Int { wantsAnswersApart ? outbound.answers : 0 }

    /// Whether an event can be given to it: it is here to stay, and follows that bot.
    func takes(_ event: GroupedEvent, as audience: Audience) -> Bool {
        guard let seat, !seat.hasLeft, seat.group == event.place.group else { return false }
        if audience.shares(event.place.bot) { return true }
        // Its bot is not known yet, and may turn out to be this one.
        return audience == .unbound && !home.isKnown(event.place.bot)
    }

    /// What a client probably means that says a message was too large, and what to do about it.
    var largestAdvice: String { largest.advice }

    /// Lets go of what waits.
    func letGo() {
        leaveGroup()
        outbound.clear()
    }

    /// The connection is gone.
    func end() {
        hasEnded = true
        letGo()
        tell = { _ in }
    }

    /// The connection is about to be closed: what waits only for a pause goes out before that.
    func endPause() {
        while answersApart?.isPausing == true {
            answersApart?.endPause()
            writeWaiting()
        }
    }

    /// False while the client reads too slowly, and for a moment after an answer where it wants each by itself.
    @inline(__always)
    private var mayWrite: Bool { connection.isWritable && !(wantsAnswersApart && answersApart?.isPausing == true) }

    /// Writes frames, which go out with the next flush; to be called only while ``mayWrite``.
    /// - Parameter isPart: one of several answers to the same call; a client that takes such parts takes them together.
    @inline(__always)
    private func write(_ frames: ByteBuffer, as kind: OutgoingKind, isPart: Bool = false) {
        if frames.readableBytes > LargestSent.leastBytes { largest.sent(frames, as: kind) }
        guard wantsAnswersApart, kind == .answer, !isPart else { return connection.send(frames, as: kind) }
        writeApart(frames, as: kind)
    }

    private func writeApart(_ frames: ByteBuffer, as kind: OutgoingKind) {
        // The answer must not go out together with what was written before it, either.
        connection.flush()
        connection.send(frames, as: kind)
        if let step = answersApart?.wroteAnswer() { take(step) }
    }

    private func take(_ step: AnswersApart.Step) {
        if let ping = step.ping { connection.ping(ping, behind: .answer) }
        connection.eventLoop.assumeIsolated().scheduleTask(in: step.pause) {
            guard self.answersApart?.timeIsUp(step) == true else { return }
            self.writeWaiting()
            self.tell(.answersWentOut)
        }
    }

    private func writeWaiting() {
        guard answersApart?.isWriting != true else { return }
        answersApart?.isWriting = true
        while mayWrite, let next = outbound.next() {
            if next.missedBefore > 0, let bot {
                let gap = EventGap(of: bot, missed: next.missedBefore).text(time: UnixTime.now)
                write(HubFrame.encode(gap), as: .event)
            }
            write(next.frames, as: next.kind, isPart: next.isPart)
        }
        answersApart?.isWriting = false
        connection.flush()
    }

    private func dropped(_ events: Int) {
        if events > 0 { metrics.events.dropped.increment(by: events) }
    }
}
