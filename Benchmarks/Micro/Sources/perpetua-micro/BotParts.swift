import Actions
import Bus
import Claims
import Contracts
import NIOCore
import OneBot
import SettingsReading

@testable import WSEdge
@testable import WebSocketTransport

/// The bot of an edge: its connection, without a socket, and its link, on the edge's bus and event loop.
///
/// `@unchecked Sendable`: made off the loop, then everything is touched on the edge's event loop only.
final class BotParts: @unchecked Sendable {  // confined to its event loop, as said above
    let link: BotLink
    private(set) var connection: BotConnection?
    private let place = BotLinkState.Connection(number: 1, role: .universal, origin: .dialledIn)
    /// The claims, which run until the process ends.
    private var claiming: [Task<Void, Never>] = []
    private var answered = 0

    /// The clock stands still, so that the tokens of the bot's link are known in advance.
    private static let time: UInt64 = 1_700_000_000_000

    static func make(at edge: EdgeParts) async throws -> BotParts {
        let bus = edge.bus
        let inbox = edge.requester.inbox
        try await bus.declare(QueueDeclaration(inbox, isExclusive: true))
        try await bus.bind(inbox, to: EdgeParts.exchanges.events, "#")
        _ = try await bus.consume(
            inbox, prefetch: 1000, on: edge.eventLoop, cancelled: {}, handler: { edge.inbox.receive($0) })
        let bot = BotParts(at: edge)
        for (claim, handlers) in bot.link.claimsAndHandlers {
            bot.claiming.append(Task { await claim.run(handlers) })
        }
        try await edge.eventLoop.submit { bot.connect(on: edge.eventLoop) }.get()
        let deadline = ContinuousClock.now + .seconds(10)
        while try await edge.eventLoop.submit({ bot.link.state.phase != .up }).get() {
            try check(ContinuousClock.now < deadline, "The bot's link does not come up.")
        }
        return bot
    }

    private init(at edge: EdgeParts) {
        let configuration = edge.configuration.bots
        link = BotLink(
            bot: Frames.bot, eventLoop: edge.eventLoop, bus: edge.bus, events: EdgeParts.exchanges.events,
            services: LinkServices(
                timeout: { [timeouts = configuration.timeouts] in timeouts.timeout(of: $0) },
                pacing: configuration.pacing, breaker: configuration.breaker, utcMilliseconds: { Self.time },
                newestElsewhere: { _ in 0 },
                stamp: { [groups = Groups(presence: edge.presence)] in groups.stamp($1, of: $0) },
                changed: { _, _, _ in }),
            logger: EdgeParts.logger
        ) { part, logger in
            LinkClaims.claim(
                part, of: Frames.bot, at: edge.address, exchanges: EdgeParts.exchanges, bus: edge.bus,
                requester: edge.requester, on: edge.eventLoop, timing: ClaimTiming(), logger: logger)
        }
    }

    private func connect(on eventLoop: any EventLoop) {
        let connection = BotConnection(
            WebSocketConnection(eventLoop: eventLoop, remoteAddress: "192.0.2.2:3001"), place: place,
            selfID: Frames.bot, maxMessageBytes: 16 << 20, room: nil, timing: BotTiming(), logger: EdgeParts.logger,
            findLink: { [link] _, _ in link }, isClosed: {})
        self.connection = connection
        connection.start()
        // The connection has no socket that could tell it.
        connection.writabilityChanged(isWritable: true)
    }

    func says(_ frame: ByteBuffer) { connection?.received(text: frame) }

    /// Whether an action has come that is not answered yet.
    var hasAction: Bool { link.downlink.unanswered > 0 }

    /// Answers the action that came.
    func answer() {
        answered += 1
        says(Frames.response(echo: "\"p\(String(Self.time, radix: 36))-\(answered)\""))
    }
}
