import Logging
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// One WebSocket to a bot: finds out whose it is, then hands its frames to that bot's ``BotLink``.
///
/// `@unchecked Sendable`: everything mutable is touched on `eventLoop` only; calls from elsewhere hop there, in order.
final class BotConnection: WebSocketDelegate, @unchecked Sendable {  // confined to its event loop, as said above
    private let wire: BotWire
    private let maxMessageBytes: Int
    private let room: InboundRoom?
    private let timing: BotTiming
    private let logger: Logger
    private let findLink: @Sendable (BotConnection, SelfID) -> BotLink?
    private let isClosed: @Sendable () -> Void
    private let troubled: @Sendable (BotTrouble?) -> Void
    private let ending: EventLoopPromise<Ending>
    private let openedAt: NIODeadline
    private var identity: BotIdentity
    private var watch: HeartbeatWatch
    private var link: BotLink?
    /// What came before we knew whose it is.
    private var held: [BotFrame] = []
    private var heldBytes = 0
    /// How many frames there was no room for.
    private var lostBeforeKnown = 0
    private var question: Scheduled<Void>?
    private var firstWords: Scheduled<Void>?
    private var hasSpoken = false
    private var trouble: BotTrouble?
    private var watching: Scheduled<Void>?
    private var hasWarnedOfSelfID = false
    private var unknownFrames = 0
    private var refusal: Int64?

    struct Ending: Sendable {
        let socket: WebSocketEnding
        let lived: Duration
        /// `nil`: it never said who it is.
        let selfID: SelfID?
        let displacement: BotWire.Displacement?
        /// The retcode of a failure it sent unasked before it said who it is: how bots say that a token is wrong.
        let refusal: Int64?
    }

    /// How much is kept at most until the bot is known; one larger frame is kept in any case.
    private static let heldLimit = (count: 256, bytes: 16 << 20)

    /// To be called on the socket's event loop, before any frame is read. The caller sets the delegate, then calls
    /// ``start()``.
    /// - Parameters:
    ///   - selfID: what is known of it beforehand.
    ///   - maxMessageBytes: the limit that the socket's options have.
    ///   - room: what its messages take their room from.
    ///   - findLink: the link of that bot; `nil` where no more bots are taken. On this connection's event loop.
    ///   - troubled: told what is wrong with the bot, and (`nil`) when nothing is any more.
    ///   - isClosed: called once, last.
    init(
        _ socket: WebSocketConnection, place: BotLinkState.Connection, selfID: SelfID?, maxMessageBytes: Int,
        room: InboundRoom?, timing: BotTiming, logger: Logger,
        findLink: @escaping @Sendable (BotConnection, SelfID) -> BotLink?,
        troubled: @escaping @Sendable (BotTrouble?) -> Void = { _ in }, isClosed: @escaping @Sendable () -> Void
    ) {
        self.troubled = troubled
        self.isClosed = isClosed
        wire = BotWire(socket, place: place)
        self.maxMessageBytes = maxMessageBytes
        self.room = room
        self.timing = timing
        self.findLink = findLink
        openedAt = .now()
        identity = BotIdentity(selfID)
        watch = HeartbeatWatch(leastSilence: timing.leastSilence, at: openedAt)
        ending = socket.eventLoop.makePromise(of: Ending.self)
        var logger = logger
        logger[metadataKey: LogKeys.remoteAddress] = "\(socket.remoteAddress)"
        self.logger = logger
    }

    var place: BotLinkState.Connection { wire.place }
    var eventLoop: any EventLoop { wire.eventLoop }
    var remoteAddress: String { wire.remoteAddress }
    private var socket: WebSocketConnection? { wire.socket }

    func start() {
        eventLoop.preconditionInEventLoop()
        // Many clients depend on this connection: a message that cannot be read is no reason to close it.
        socket?.tolerate([.tooLarge, .notText, .brokenText], in: room)
        // Some bots never read the socket over which they send events, so that an unanswered ping says nothing there.
        // TCP finds out where the peer is dead.
        if place.role.callsActions { socket?.startPinging(every: timing.pingInterval) }
        if let selfID = identity.selfID {
            identified(as: selfID)
        } else if place.role.callsActions {
            ask(after: timing.askAfter)
        }
        awaitFirstWords()
    }

    // MARK: What the socket says

    func received(text: ByteBuffer) { received(BotFrame(parsing: text)) }

    func discarded(_ message: DiscardedMessage) {
        let frame = UnreadableFrame(message, limit: maxMessageBytes)
        received(frame.isObject ? .unreadable(frame) : .unknown(reason: frame.cause.inWords))
    }

    private func received(_ frame: BotFrame) {
        notice(frame)
        switch identity.read(frame) {
        case .none:
            if let link {
                forward(frame, to: link)
            } else {
                hold(frame)
            }
        case .learnt(let selfID):
            identified(as: selfID)
            if let link { forward(frame, to: link) }
        case .answerToUs(let selfID):
            if let selfID { identified(as: selfID) }
            link?.onLoop { $0.downlink.heardAnswer() }
        }
    }

    func writabilityChanged(isWritable: Bool) {
        guard let link else { return }
        link.onLoop { $0.downlink.writabilityChanged(isWritable: isWritable, of: self.place.number) }
    }

    func closed(_ socketEnding: WebSocketEnding) {
        question?.cancel()
        firstWords?.cancel()
        watching?.cancel()
        wire.closed()
        held = []
        let number = place.number
        link?.onLoop { $0.lost(number, because: socketEnding) }
        isClosed()
        ending.succeed(
            Ending(
                socket: socketEnding, lived: .nanoseconds((NIODeadline.now() - openedAt).nanoseconds),
                selfID: identity.selfID, displacement: wire.displacement, refusal: refusal))
    }

    /// Waits until the socket is closed: always, whether the task is cancelled or not.
    func end() async -> Ending {
        await withCheckedContinuation { continuation in
            ending.futureResult.whenSuccess { continuation.resume(returning: $0) }
        }
    }

    // MARK: From any event loop

    func close(_ reason: CloseReason) { wire.close(reason) }

    /// Ends the socket if it is still open then.
    func abort(after delay: Duration) {
        let timer = eventLoop.scheduleTask(in: TimeAmount(delay)) { self.socket?.abort() }
        ending.futureResult.whenComplete { _ in timer.cancel() }
    }

    // MARK: Whose it is

    private func identified(as selfID: SelfID) {
        question?.cancel()
        guard link == nil, let socket else { return }
        guard let link = findLink(self, selfID) else {
            close(.tryAgainLater("This edge takes no more bots now."))
            return
        }
        self.link = link
        if hasSpoken { isWell() }
        let isWritable = socket.isWritable
        link.onLoop { [wire] in $0.attach(wire, isWritable: isWritable) }
        let frames = held
        held = []
        heldBytes = 0
        for frame in frames { forward(frame, to: link) }
        if lostBeforeKnown > 0 {
            link.onLoop { [lostBeforeKnown, number = place.number] in $0.missed(lostBeforeKnown, from: number) }
        }
    }

    private func ask(after delay: Duration) {
        question = eventLoop.scheduleTask(in: TimeAmount(delay)) {
            guard let socket = self.socket, let question = self.identity.question() else { return }
            socket.send(text: question)
            socket.flush()
            self.ask(after: self.timing.askAgainAfter)
        }
    }

    private func hold(_ frame: BotFrame) {
        let size: Int
        switch frame {
        case .event(let event): size = event.json.bytes.readableBytes
        case .response(let response):
            if response.echo == nil || response.echo?.readableBytesView.elementsEqual("null".utf8) == true,
                let retcode = response.retcode, retcode > 1
            {
                refusal = retcode
            }
            size = response.json.bytes.readableBytes
        case .unreadable(let frame): size = frame.keptBytes
        case .unknown: return
        }
        guard held.count < Self.heldLimit.count, held.isEmpty || heldBytes + size <= Self.heldLimit.bytes else {
            lostBeforeKnown += 1
            logger.debug(
                "A frame was dropped: the bot has not said who it is.",
                metadata: [LogKeys.count: "\(lostBeforeKnown)"])
            return
        }
        held.append(frame)
        heldBytes += size
    }

    private func forward(_ frame: BotFrame, to link: BotLink) {
        if case .event(let event) = frame { warnOfOtherSelfID(event, of: link) }
        link.received(frame, from: place.number)
    }

    private func warnOfOtherSelfID(_ event: Event, of link: BotLink) {
        guard !hasWarnedOfSelfID, let other = event.selfID, other != link.bot else { return }
        hasWarnedOfSelfID = true
        logger.warning(
            "The bot sends events of another self_id; they pass as this bot's. Check bots[].self_id, or X-Self-ID.",
            metadata: [LogKeys.selfID: "\(link.bot)", LogKeys.reason: "self_id \(other) in an event"])
    }

    // MARK: First words

    /// A bot makes itself known soon after it has connected: by an event, or by its answer to our question.
    private func awaitFirstWords() {
        let half = TimeAmount.nanoseconds(TimeAmount(timing.firstWords).nanoseconds / 2)
        firstWords = eventLoop.scheduleTask(in: half) {
            if !self.hasSpoken, self.link != nil, self.place.role.callsActions {
                // A bot that is known beforehand was not asked yet.
                self.socket?.send(text: self.identity.probe())
                self.socket?.flush()
            }
            self.firstWords = self.eventLoop.scheduleTask(in: half) { self.judge() }
        }
    }

    private func judge() {
        // What the bot has said may not be read yet.
        guard !wire.isReadingPaused else { return awaitFirstWords() }
        guard let link else {
            set(hasSpoken ? .nameless : .silent)
            return awaitFirstWords()
        }
        // A connection for events only may have none to send.
        guard !hasSpoken, place.role.callsActions else { return }
        set(.silent)
        let sentence = BotTrouble.silent.sentence(of: place.origin, remoteAddress: remoteAddress)
        link.onLoop { [number = place.number] in $0.downlink.isMute(number, because: sentence) }
    }

    private func set(_ trouble: BotTrouble) {
        guard trouble != self.trouble else { return }
        self.trouble = trouble
        troubled(trouble)
    }

    /// It has spoken, and is known.
    private func isWell() {
        if trouble == .silent { link?.onLoop { $0.downlink.isMuteNoMore() } }
        trouble = nil
        troubled(nil)
    }

    // MARK: Signs of life

    private func notice(_ frame: BotFrame) {
        if !hasSpoken {
            hasSpoken = true
            if link != nil { isWell() }
        }
        let now = NIODeadline.now()
        switch frame {
        case .event(let event) where event.isHeartbeat:
            watch.heartbeat(milliseconds: event.json["interval"]?.int64, at: now)
            if watching == nil { scheduleWatch() }
        case .event, .response:
            watch.heard(at: now)
        case .unreadable(let frame):
            watch.heard(at: now)
            warn(
                "A frame of the bot cannot be read: whoever waits for it is told, else a gap is declared.",
                frame.cause.inWords)
            frame.cause.count(from: .bot)
        case .unknown(let reason):
            watch.heard(at: now)
            warn("A frame of the bot is neither event nor response.", reason)
        }
    }

    private func warn(_ message: Logger.Message, _ reason: String) {
        unknownFrames += 1
        logger.log(
            level: unknownFrames == 1 ? .warning : .debug, message,
            metadata: [LogKeys.reason: "\(reason)", LogKeys.count: "\(unknownFrames)"])
    }

    private func scheduleWatch() {
        guard let deadline = watch.deadline else { return }
        watching = eventLoop.scheduleTask(deadline: deadline) {
            self.watch.arriving(self.socket?.arrivedBytes ?? 0, at: .now())
            if self.wire.isReadingPaused { self.watch.heard(at: .now()) }
            if let resumed = self.wire.resumedAt { self.watch.heard(at: resumed) }
            if let deadline = self.watch.deadline, deadline <= .now() {
                self.logger.warning("The bot hangs: no frame for three heartbeats. Its connection is closed.")
                self.close(.policy("no heartbeat for \(self.watch.allowedSilence ?? .zero)"))
            } else {
                self.scheduleWatch()
            }
        }
    }
}
