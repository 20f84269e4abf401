import Actions
import Bus
import Claims
import Contracts
import Logging
import Metrics
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// One bot's link: its connections (one, or an API and an Event one), what they send up, what goes down to them.
///
/// It lives from the first time the bot is seen to the end of the process; each time it comes up it starts an epoch.
///
/// `@unchecked Sendable`: everything mutable is touched on `eventLoop` only; whoever is elsewhere uses ``onLoop(_:)``.
final class BotLink: @unchecked Sendable {  // confined to its event loop, as said above
    let bot: SelfID
    let eventLoop: any EventLoop
    let actionsClaim: Claim
    let eventsClaim: Claim

    let bus: any MessageBus
    let exchanges: Exchanges
    let services: Services
    var logger: Logger

    var state = BotLinkState()
    var connections: [UInt64: BotWire] = [:]
    var sequence = EventSequence()
    /// Events and answers until the bus has taken them.
    var outbox = Outbox<Parcel>()
    var isPublishing = false
    /// The parts of the bot that are claimed for this link, and those of them that are ours.
    var wanted: Set<BotLinkState.Part> = []
    var granted: Set<BotLinkState.Part> = []
    /// All that was wished for has been ours since the link came up.
    var wasClaimed = false
    let metrics = BotMetrics()

    var echoes: EchoTable
    var waiting = ActionQueue() {
        didSet { metrics.setWaiting(waiting) }
    }
    /// Before those: the actions that wait for their turn; `nil` where nothing is paced.
    var pacer: Pacer<Delivery>? {
        didSet { metrics.setPaced(pacer?.count ?? 0) }
    }
    var pacing: (deadline: NIODeadline, timer: Scheduled<Void>)?
    var breaker: CircuitBreaker
    var appetite = BotAppetite()
    /// When the log last said that actions fail that nobody waits for.
    var unattendedWarned: NIODeadline?
    /// There while the breaker is open.
    var probing: Scheduled<Void>?
    /// Why the bot is said not to answer, where that is known better than that.
    var muteness: String?
    /// Answers published so far: a part of their `message_id`.
    var answered = 0
    var isActionsWritable = false
    var isPumping = false
    var isFlushScheduled = false
    var expiry: (deadline: NIODeadline, timer: Scheduled<Void>)?

    /// A bot that is still connected by then has not restarted.
    var restarts = RestartGate(patience: .seconds(60))

    /// Actions seen last, so that none is carried out twice.
    var seen = RecentIDs(limit: 16_384)

    /// What a link is given by ``Bots``.
    struct Services: Sendable {
        var timeout: @Sendable (String) -> Duration
        var pacing: PacingConfiguration
        var breaker: BreakerConfiguration
        /// What the bus takes.
        var maxMessageBytes = Int.max
        /// Milliseconds since 1970.
        var utcMilliseconds: @Sendable () -> UInt64
        /// The epoch of the bot's latest link at another edge, as far as presence knows; 0: none.
        var newestElsewhere: @Sendable (SelfID) -> UInt64
        /// Whom of each group an event is for; `nil` where there is no group.
        var stamp: @Sendable (SelfID, Message) -> GroupStamp?
        /// Told with each change, on the link's event loop.
        var changed: @Sendable (_ link: BotLink, _ epoch: UInt64, _ isOnline: Bool) -> Void
    }

    init(
        bot: SelfID, address: EdgeAddress, eventLoop: any EventLoop, bus: any MessageBus, requester: Requester,
        exchanges: Exchanges, timing: BotTiming, services: Services, logger: Logger
    ) {
        self.bot = bot
        self.eventLoop = eventLoop
        self.bus = bus
        self.exchanges = exchanges
        self.services = services
        var logger = logger
        logger[metadataKey: LogKeys.selfID] = "\(bot)"
        self.logger = logger
        // The time in the tokens: an answer to an earlier process's action is not taken for one to ours.
        echoes = EchoTable(bot: bot, prefix: "p\(String(services.utcMilliseconds(), radix: 36))-")
        pacer = services.pacing.isOn ? Pacer(services.pacing) : nil
        breaker = CircuitBreaker(
            threshold: services.breaker.timeouts, probeInterval: services.breaker.probeInterval)
        let claim = {
            [logger = self.logger] (queue: QueueName, binding: (exchange: Exchange, pattern: BindingPattern)?) in
            Claim(
                queue, .bot(bot, address, timing.claims), binding: binding, bus: bus, requester: requester,
                eventLoop: eventLoop, told: { BotLink.log($0, logger) })
        }
        let binding = (exchange: exchanges.actions, pattern: BindingPattern(Exchanges.actionKey(bot).text))
        actionsClaim = claim(exchanges.botQueue(bot), binding)
        eventsClaim = claim(exchanges.botEventsQueue(bot), nil)
    }

    /// Runs `body` on the link's event loop: at once if we are there, else soon and in order.
    func onLoop(_ body: @escaping @Sendable (BotLink) -> Void) {
        if eventLoop.inEventLoop { body(self) } else { eventLoop.execute { body(self) } }
    }

    // MARK: Connections come and go

    func attach(_ connection: BotWire, isWritable: Bool) {
        switch state.attach(connection.place) {
        case .refused(let entry):
            logger.error(
                "Two entries of bots[] lead to one bot; the second is left out. Remove one of them.",
                metadata: [LogKeys.reason: "bots[\(entry)] is connected to the same self_id"])
            connection.close(
                .policy("bots[\(entry)] is connected to bot \(bot) already"), displacement: .duplicate(entry: entry))
        case .attached(let displaced, let movesActions, let takesEvents, let claims):
            connections[connection.place.number] = connection
            for old in displaced {
                connections.removeValue(forKey: old.number)?.close(
                    .policy("replaced by a newer connection of bot \(bot)"), displacement: .replaced)
            }
            if movesActions { publish(echoes.failAll()) }
            if connection.place.role.callsActions {
                isActionsWritable = isWritable
                restarts.connected()
                endSilence()
            }
            let startsEpoch = claims || (takesEvents && sequence.sequence > 0)
            if claims {
                wasClaimed = false
                apply(outbox.close())
            }
            if startsEpoch { beginEpoch() }
            logger.info(
                displaced.isEmpty ? "A bot is connected." : "A bot is connected again; the newest connection counts.",
                metadata: [
                    LogKeys.remoteAddress: "\(connection.remoteAddress)",
                    LogKeys.role: "\(connection.place.role.rawValue)",
                ])
            updateClaims()
            if startsEpoch, state.phase == .up { services.changed(self, sequence.epoch, true) }
            if outbox.isFull { connection.pauseReading() }
            pump()
        }
    }

    /// Starts an epoch, higher than any before, here or elsewhere. Whoever asked before takes the bot's link for gone then, and soon waits no more:
    /// so what still waits is answered, and not sent after all.
    func beginEpoch(above other: UInt64 = 0) {
        refuseWaiting(
            .failed(
                .unavailable(.no()),
                "Bot \(bot) has another connection now; the action waited for its turn and was not carried out. Try again."
            ))
        sequence.begin(at: max(services.utcMilliseconds(), max(other, services.newestElsewhere(bot)) &+ 1))
        logger[metadataKey: LogKeys.linkEpoch] = "\(sequence.epoch)"
    }

    func lost(_ number: UInt64, because ending: WebSocketEnding) {
        connections[number] = nil
        let loss = state.lost(number)
        if loss.losesActions {
            isActionsWritable = false
            if appetite.ended(ending.isOurs ? nil : ending.code, at: .now()) {
                logger.warning(
                    "The bot closed its connection because of a large action; as large ones are refused for a while.",
                    metadata: [LogKeys.reason: "\(ending)"])
            }
            failAll()
        }
        guard loss.endsLink else { return }
        updateClaims()
        services.changed(self, sequence.epoch, false)
        logger.log(
            level: ending.isOurs ? .info : .warning, "A bot is gone.", metadata: [LogKeys.reason: "\(ending)"])
    }

    /// Answers what was sent and what waits as `failed`.
    func failAll() {
        publish(echoes.failAll())
        endSilence()
        refuseWaiting(notConnected)
    }

    private func refuseWaiting(_ response: Response) {
        for delivery in waiting.removeAll() + (pacer?.removeAll() ?? []) { refuse(delivery, response) }
    }

    func writabilityChanged(isWritable: Bool, of number: UInt64) {
        guard state.actions?.number == number else { return }
        isActionsWritable = isWritable
        if isWritable { pump() }
    }
}
