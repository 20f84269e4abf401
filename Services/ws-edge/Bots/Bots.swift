import Actions
import Bus
import Claims
import Contracts
import Logging
import NIOCore
import NIOHTTP1
import Observability
import OneBot
import Synchronization
import WebSocketTransport

/// The bots' side of an edge: dials, accepts and supervises bots; their events go to the bus, actions come from it.
///
/// `report` is called with each change of a bot (found out who it is, link up, link down), from any thread.
final class Bots: Sendable {
    private let configuration: BotsConfiguration
    private let sockets: SocketConfiguration
    private let exchanges: Exchanges
    private let address: EdgeAddress
    private let bus: any MessageBus
    private let requester: Requester
    private let newestElsewhere: @Sendable (SelfID) -> UInt64
    private let isLinked: @Sendable (SelfID) -> Bool
    private let stamp: @Sendable (SelfID, Message) -> GroupStamp?
    private let group: any EventLoopGroup
    private let timing: BotTiming
    private let logger: Logger
    private let report: @Sendable (OnlineBot) -> Void
    private let room: InboundRoom
    private let listener: BotListener
    private let processes: [BotProcess]
    private let gauges: BotGauges
    /// The counters of links are made here, too, so that the metrics page has them from the start and not from the
    /// first link on.
    private let counters = BotMetrics()
    /// The bots known beforehand, as they are before they are connected.
    private let configured: [OnlineBot]
    private let state: Mutex<State>
    /// Links that have no claiming task yet.
    private let newLinks: AsyncStream<BotLink>
    private let newLink: AsyncStream<BotLink>.Continuation

    private struct State {
        var table: BotTable
        var links: [SelfID: BotLink] = [:]
        /// Every connection that is open, to be closed at the end.
        var connections: [UInt64: BotConnection] = [:]
        /// What is wrong with those that are connected, each a sentence, by the connection's number.
        var troubles: [UInt64: String] = [:]
        /// The troubles that were logged and are not over.
        var toldTroubles: Set<String> = []
        var lastConnection: UInt64 = 0
        var isStopping = false
    }

    /// - Parameters:
    ///   - requester: asks other edges.
    ///   - inbound: the budget for what arrives; `nil`: one of its own.
    ///   - timing: the durations that are no settings; tests shorten them.
    ///   - newestElsewhere: the epoch of a bot's latest link at another edge, as far as presence knows; 0: none.
    ///   - isLinked: whether the bot has a link at any edge, as far as presence knows.
    ///   - stamp: which member of each group an event is for; `nil` where there is no group.
    init(
        configuration: BotsConfiguration, sockets: SocketConfiguration, exchanges: Exchanges, address: EdgeAddress,
        bus: any MessageBus, requester: Requester, group: any EventLoopGroup, logger: Logger,
        inbound: InboundBudget? = nil, timing: BotTiming = BotTiming(),
        newestElsewhere: @escaping @Sendable (SelfID) -> UInt64 = { _ in 0 },
        isLinked: @escaping @Sendable (SelfID) -> Bool = { _ in false },
        stamp: @escaping @Sendable (SelfID, Message) -> GroupStamp? = { _, _ in nil },
        report: @escaping @Sendable (OnlineBot) -> Void
    ) {
        self.configuration = configuration
        self.sockets = sockets
        self.exchanges = exchanges
        self.address = address
        self.bus = bus
        self.requester = requester
        self.newestElsewhere = newestElsewhere
        self.isLinked = isLinked
        self.stamp = stamp
        self.group = group
        self.timing = timing
        self.logger = logger
        self.report = report
        room = (inbound ?? InboundBudget(limit: sockets.inboundBudget)).room(for: .bots)
        listener = BotListener(token: configuration.listenerToken, policy: sockets.doorPolicy)
        processes = configuration.entries.enumerated().filter { !$0.element.command.isEmpty }.map { entry, bot in
            BotProcess(
                entry: entry, command: bot.command, directory: bot.directory, eventLoop: group.next(), timing: timing,
                stopGrace: min(timing.terminationGrace, sockets.drainTime), logger: logger)
        }
        gauges = BotGauges(entries: configuration.entries.count)
        let table = BotTable(configuration.entries, edge: address)
        configured = Array(table.known.values)
        state = Mutex(State(table: table))
        (newLinks, newLink) = AsyncStream.makeStream()
    }

    /// Dials and supervises until cancelled; then answers what is in flight as `failed`, closes the links and stops the
    /// programs.
    func run() async {
        for bot in configured { report(bot) }
        await withDiscardingTaskGroup { tasks in
            for entry in configuration.entries.indices {
                tasks.addTask { await self.claim(of: entry).run(work: self.work(of: entry)) }
            }
            for await link in newLinks {
                for (claim, handlers) in link.claimsAndHandlers { tasks.addTask { await claim.run(handlers) } }
            }
            // Only cancellation ends the stream.
            for connection in stop() { tasks.addTask { _ = await connection.end() } }
        }
    }

    /// An entry is dialled and run by one edge at a time.
    private func claim(of entry: Int) -> Claim {
        var logger = logger
        logger[metadataKey: LogKeys.botEntry] = "bots[\(entry)]"
        return EntryClaims(exchanges: exchanges, address: address, bus: bus, requester: requester).claim(
            kind: "bot", name: configuration.entries[entry].claimName, on: group.next(), timing: timing.claims,
            logger: logger)
    }

    /// What the holder of an entry's claim does.
    private func work(of entry: Int) -> @Sendable () async -> Void {
        let process = processes.first { $0.entry == entry }
        let dialers = dialers(of: entry)
        return {
            await withDiscardingTaskGroup { tasks in
                if let process { tasks.addTask { await process.run() } }
                for dialer in dialers { tasks.addTask { await dialer.run() } }
            }
        }
    }

    /// Whether an upgrade request is a bot's (`/bot`, or `X-Self-ID` with `X-Client-Role`), and if so whether it may
    /// come in.
    func decide(_ request: UpgradeRequest) -> UpgradeDecision? {
        guard let decision = listener.decide(request) else { return nil }
        if case .accept = decision, state.withLock({ $0.isStopping }) {
            return BotListener.reject(.serviceUnavailable, .unavailable(.no()), "This edge is stopping.")
        }
        return decision
    }

    /// Takes over the connection of a bot that dialled in; on its event loop, before any frame is read.
    func accept(_ socket: WebSocketConnection, _ request: UpgradeRequest) {
        let introduction: BotListener.Introduction
        do {
            introduction = try BotListener.introduction(request)
        } catch {
            socket.close(.policy(error.message))
            return
        }
        let connection = open(socket, role: introduction.role, origin: .dialledIn, selfID: introduction.selfID)
        socket.delegate = connection
        connection.start()
    }

    /// Restarts the supervised program of a bot (`bots[].command`).
    /// - Throws: 1404 where no such program runs here.
    func restart(_ bot: SelfID) async throws(RPC.Failure) {
        let entry = state.withLock { $0.table.known[bot]?.configuredIndex }
        guard let process = processes.first(where: { $0.entry == entry }) else {
            throw RPC.Failure(
                .notFound,
                "Perpetua does not run the program of bot \(bot) here: set bots[].command, and bots[].self_id.")
        }
        process.restart()
    }

    /// Presence has told of bots. A link whose epoch is no longer the newest takes a new one, since consumers drop what
    /// is older.
    func heard(of bots: [OnlineBot]) {
        for bot in bots where bot.edge != address {
            state.withLock { $0.links[bot.selfID] }?.onLoop { $0.heard(ofEpoch: bot.epoch) }
        }
    }

    /// Every bot known here, for a full report.
    var known: [OnlineBot] { state.withLock { Array($0.table.known.values) } }

    /// Sets the gauges that speak of links.
    func measure(at now: NIODeadline) {
        let (known, links) = state.withLock { ($0.table.known, $0.links) }
        gauges.set(
            known.values.map { bot in
                let metrics = links[bot.selfID]?.metrics
                return BotGauges.Sample(
                    configuredIndex: bot.configuredIndex, isOnline: bot.isOnline, silence: metrics?.silence(at: now),
                    waiting: metrics?.actionsWaiting ?? (0, 0), paced: metrics?.actionsPaced ?? 0,
                    isSilent: metrics?.isSilent ?? false)
            })
    }

    /// The bots linked here that do not answer their actions, for health checks.
    var silent: [SelfID] {
        state.withLock { $0.links }.filter { $0.value.metrics.isSilent }.keys.sorted()
    }

    /// What is wrong with bots that are connected here and cannot be used, for health checks and callers.
    var troubles: [String] { state.withLock { Set($0.troubles.values) }.sorted() }

    // MARK: Connections

    /// One, or one for each connection of an API and Event pair.
    private func dialers(of entry: Int) -> [BotDialer] {
        let bot = configuration.entries[entry]
        return bot.addresses.map { url, role in
            BotDialer(
                entry: entry, url: url, accessToken: bot.accessToken, isStarted: !bot.command.isEmpty,
                options: sockets.botOptions, eventLoop: group.next(), timing: timing, logger: logger,
                accepted: { socket in
                    self.open(
                        socket, role: role, origin: .dialled(entry: entry), selfID: bot.selfID.map { SelfID($0) })
                },
                isConnected: { bot in
                    self.isLinked(bot) || self.state.withLock { $0.table.known[bot]?.isOnline == true }
                })
        }
    }

    /// Makes a socket a bot's connection; on its event loop.
    private func open(
        _ socket: WebSocketConnection, role: ClientRole, origin: BotLinkState.Origin, selfID: SelfID?
    ) -> BotConnection {
        let number = state.withLock { state in
            state.lastConnection += 1
            return state.lastConnection
        }
        let connection = BotConnection(
            socket, place: BotLinkState.Connection(number: number, role: role, origin: origin), selfID: selfID,
            maxMessageBytes: sockets.maxMessageBytes, room: room,
            timing: timing, logger: logger, findLink: { self.link(of: $1, for: $0) },
            troubled: { [address = socket.remoteAddress] in
                self.note($0, of: number, origin, at: address)
            },
            isClosed: {
                self.state.withLock { state in
                    state.connections[number] = nil
                    state.troubles[number] = nil
                }
            })
        let isStopping = state.withLock { state in
            state.connections[number] = connection
            return state.isStopping
        }
        if isStopping { connection.close(connection.place.origin.stopping) }
        return connection
    }

    /// Notes that the bot of a connection does not make itself known, or (`nil`) that it does. A trouble is a warning
    /// in the log once until it is over, however often the bot connects.
    private func note(_ trouble: BotTrouble?, of number: UInt64, _ origin: BotLinkState.Origin, at address: String) {
        guard let sentence = trouble?.sentence(of: origin, remoteAddress: address) else {
            let told = Set(BotTrouble.allCases.map { $0.sentence(of: origin, remoteAddress: address) })
            let wasTold = state.withLock { state in
                state.troubles[number] = nil
                defer { state.toldTroubles.subtract(told) }
                return !state.toldTroubles.isDisjoint(with: told)
            }
            if wasTold { logger.notice("A bot that could not be used has made itself known.") }
            return
        }
        let isNews = state.withLock { state in
            state.troubles[number] = sentence
            return state.toldTroubles.count < BotTable.limit && state.toldTroubles.insert(sentence).inserted
        }
        logger.log(
            level: isNews ? .warning : .debug, "A bot is connected and cannot be used.",
            metadata: [LogKeys.reason: "\(sentence)"])
    }

    /// The bot's link, a new one where it is seen for the first time; `nil` where no more bots are taken.
    private func link(of bot: SelfID, for connection: BotConnection) -> BotLink? {
        let entry: Int? =
            switch connection.place.origin {
            case .dialled(let entry): entry
            case .dialledIn: nil
            }
        let isLocal = connection.remoteAddress.hasPrefix("127.") || connection.remoteAddress.hasPrefix("[::1]")
        // Made beforehand, not under the lock; dropped where there is one already.
        let fresh = makeLink(of: bot, on: connection.eventLoop)
        let sighting: (link: BotLink, changed: [OnlineBot])? = state.withLock { state in
            guard let changed = state.table.saw(bot, entry: entry, isLocal: isLocal) else { return nil }
            let link = state.links[bot] ?? fresh
            state.links[bot] = link
            return (link, changed)
        }
        guard let sighting else { return nil }
        // A bot that is new is reported once its link is up, because whoever has seen its lifecycle may call it.
        for bot in sighting.changed where bot.epoch > 0 { report(bot) }
        if sighting.link === fresh { newLink.yield(fresh) }
        return sighting.link
    }

    private func makeLink(of bot: SelfID, on eventLoop: any EventLoop) -> BotLink {
        BotLink(
            bot: bot, eventLoop: eventLoop, bus: bus, events: exchanges.events,
            services: LinkServices(
                timeout: { [timeouts = configuration.timeouts] in timeouts.timeout(of: $0) },
                pacing: configuration.pacing, breaker: configuration.breaker,
                maxMessageBytes: sockets.maxMessageBytes,
                utcMilliseconds: { UnixTime.milliseconds },
                newestElsewhere: newestElsewhere, stamp: stamp,
                changed: { link, epoch, isOnline in
                    let bot = self.state.withLock { $0.table.changed(link.bot, epoch: epoch, isOnline: isOnline) }
                    guard let bot else { return }
                    if isOnline { self.processes.first { $0.entry == bot.configuredIndex }?.connected() }
                    self.report(bot)
                }),
            logger: logger
        ) { part, logger in
            LinkClaims.claim(
                part, of: bot, at: address, exchanges: exchanges, bus: bus, requester: requester, on: eventLoop,
                timing: timing.claims, logger: logger)
        }
    }

    /// Answers what is in flight and closes every connection: with a close frame, and after `drainTime` in any case.
    private func stop() -> [BotConnection] {
        let (links, connections) = state.withLock { state in
            state.isStopping = true
            return (Array(state.links.values), Array(state.connections.values))
        }
        for link in links { link.onLoop { $0.downlink.failAll() } }
        for connection in connections {
            connection.close(connection.place.origin.stopping)
            connection.abort(after: sockets.drainTime)
        }
        return connections
    }
}
