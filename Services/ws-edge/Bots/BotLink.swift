import Bus
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
final class BotLink: @unchecked Sendable {
    let bot: SelfID
    let eventLoop: any EventLoop
    let claim: BotClaim

    let bus: any MessageBus
    let exchanges: Exchanges
    let services: Services
    var logger: Logger

    var state = BotLinkState()
    var connections: [UInt64: BotConnection] = [:]
    var sequence = EventSequence()
    var window = PublishWindow()
    let metrics = BotMetrics()
    /// What came while the bot's queue was being claimed. Bounded: reading is paused meanwhile.
    var held: [Held] = []

    var echoes: EchoTable
    var waiting = ActionQueue() {
        didSet { metrics.setWaiting(waiting) }
    }
    /// Answers published so far: a part of their `message_id`.
    var answered = 0
    var isActionsWritable = false
    var isPumping = false
    var isFlushScheduled = false
    var expiry: (deadline: NIODeadline, timer: Scheduled<Void>)?

    enum Held {
        case event(Event, from: UInt64)
        case response(BotResponse, from: UInt64)
    }

    /// What a link is given by ``Bots``.
    struct Services: Sendable {
        var timeout: @Sendable (String) -> Duration
        /// Milliseconds since 1970.
        var utcMilliseconds: @Sendable () -> UInt64
        /// Told with each change, on the link's event loop.
        var changed: @Sendable (_ link: BotLink, _ epoch: UInt64, _ isOnline: Bool) -> Void
    }

    init(
        bot: SelfID, eventLoop: any EventLoop, bus: any MessageBus, exchanges: Exchanges, timing: BotTiming,
        services: Services, logger: Logger
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
        claim = BotClaim(
            bot: bot, exchanges: exchanges, bus: bus, eventLoop: eventLoop, retryAfter: timing.claimAgainAfter,
            logger: logger)
    }

    /// Runs `body` on the link's event loop: at once if we are there, else soon and in order.
    func onLoop(_ body: @escaping @Sendable (BotLink) -> Void) {
        if eventLoop.inEventLoop { body(self) } else { eventLoop.execute { body(self) } }
    }

    // MARK: Connections come and go

    func attach(_ connection: BotConnection, isWritable: Bool) {
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
            if connection.place.role.callsActions { isActionsWritable = isWritable }
            let startsEpoch = claims || (takesEvents && sequence.sequence > 0)
            if startsEpoch { sequence.begin(at: services.utcMilliseconds()) }
            logger[metadataKey: LogKeys.linkEpoch] = "\(sequence.epoch)"
            logger.info(
                displaced.isEmpty ? "A bot is connected." : "A bot is connected again; the newest connection counts.",
                metadata: [
                    LogKeys.remoteAddress: "\(connection.remoteAddress)",
                    LogKeys.role: "\(connection.place.role.rawValue)",
                ])
            if claims {
                claim.want(true)
            } else if startsEpoch, state.phase == .up {
                services.changed(self, sequence.epoch, true)
            }
            if window.isFull || state.phase == .claiming { connection.pauseReading() }
            pump()
        }
    }

    func lost(_ number: UInt64, because ending: WebSocketEnding) {
        connections[number] = nil
        let loss = state.lost(number)
        if loss.losesActions {
            isActionsWritable = false
            failAll()
        }
        guard loss.endsLink else { return }
        held = []
        claim.want(false)
        services.changed(self, sequence.epoch, false)
        logger.log(
            level: ending.isOurs ? .info : .warning, "A bot is gone.", metadata: [LogKeys.reason: "\(ending)"])
    }

    /// Answers what was sent and what waits as `failed`.
    func failAll() {
        publish(echoes.failAll())
        for delivery in waiting.removeAll() { refuse(delivery, notConnected) }
    }

    func writabilityChanged(isWritable: Bool, of number: UInt64) {
        guard state.actions?.number == number else { return }
        isActionsWritable = isWritable
        if isWritable { pump() }
    }

    /// The bot's queue is ours: what was held back goes out, first and in order.
    func claimed() {
        guard state.claimed() else { return }
        services.changed(self, sequence.epoch, true)
        let frames = held
        held = []
        for frame in frames {
            switch frame {
            case .event(let event, let number): received(event, from: number)
            case .response(let response, let number): received(response, from: number)
            }
        }
        if !window.isFull { for connection in connections.values { connection.resumeReading() } }
    }
}
