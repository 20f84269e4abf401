import Bus
import Claims
import Contracts
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Observability
import OneBot
import SettingsReading
import Synchronization
import TestSupport
import Testing
import WebSocketTransport

@testable import WSEdge

/// A running ``Bots`` between an in-memory bus and real sockets on loopback.
final class BotBench: Sendable {
    let broker: InMemoryBroker
    let exchanges = Exchanges()
    let edge: BotEdge
    /// Another program on the bus.
    let bus: InMemoryBus
    private let received = Mutex(Received())
    private let lastCall = Mutex(0)

    var bots: Bots { edge.bots }
    var log: BotLog { edge.log }

    private struct Received {
        var events: [Delivery] = []
        var answers: [Delivery] = []
        var acknowledgesEvents = true
    }

    /// Short where a test would otherwise wait; long where its result would otherwise depend on the machine's speed.
    static let quick: BotTiming = {
        var claims = ClaimTiming()
        claims.againAfter = .milliseconds(10)
        claims.busAgainAfter = .milliseconds(10)
        claims.lookEvery = .milliseconds(10)
        claims.grace = .milliseconds(200)
        claims.askHolderFor = .seconds(5)
        claims.holderPatience = .seconds(30)
        return BotTiming(
            askAfter: .milliseconds(20), askAgainAfter: .milliseconds(50), firstWords: .seconds(3600),
            redial: .milliseconds(20), duplicateFirst: .milliseconds(30), duplicateRedial: .milliseconds(100),
            restartFirst: .milliseconds(10), restartLongest: .milliseconds(50), terminationGrace: .seconds(5),
            claims: claims)
    }()

    /// - Parameters:
    ///   - flags: settings, as `--bots[0].url`.
    ///   - eventBytes: the bound of the queue events arrive in.
    static func run(
        _ flags: [(key: String, value: String)] = [], timing: BotTiming = quick, maxMessageBytes: Int = 16 << 20,
        eventBytes: Int = 256 << 20, _ body: (BotBench) async throws -> Void
    ) async throws {
        let bench = try await BotBench(flags, timing: timing, maxMessageBytes: maxMessageBytes)
        try await bench.listen(eventBytes: eventBytes)
        do {
            try await body(bench)
        } catch {
            await bench.close()
            throw error
        }
        await bench.close()
    }

    private init(
        _ flags: [(key: String, value: String)], timing: BotTiming, maxMessageBytes: Int
    ) async throws {
        broker = InMemoryBroker(maxMessageBytes: maxMessageBytes)
        bus = broker.connect()
        for exchange in exchanges.all { try await bus.declare(exchange) }
        edge = try await BotEdge("edge", flags, on: broker, timing: timing)
    }

    private func listen(eventBytes: Int) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        try await bus.declare(QueueDeclaration("test.events", isExclusive: true, maxLengthBytes: eventBytes))
        try await bus.bind("test.events", to: exchanges.events, "#")
        _ = try await bus.consume(
            "test.events", prefetch: 100, on: loop, cancelled: {},
            handler: { delivery in
                let acknowledges = self.received.withLock {
                    $0.events.append(delivery)
                    return $0.acknowledgesEvents
                }
                if acknowledges { delivery.acknowledge() }
            })
        try await bus.declare(QueueDeclaration("test.inbox", isExclusive: true))
        _ = try await bus.consume(
            "test.inbox", prefetch: 0, on: loop, cancelled: {},
            handler: { delivery in
                self.received.withLock { $0.answers.append(delivery) }
                delivery.acknowledge()
            })
    }

    private func close() async {
        await edge.stop()
        await bus.close()
    }

    // MARK: The bot's side

    /// A bot dials in at `/bot`.
    func dialIn(selfID: Int64? = nil, role: String? = nil, token: String? = nil) async throws -> BotPeer {
        try await edge.dialIn(selfID: selfID, role: role, token: token)
    }

    static func event(_ bot: Int64, _ number: Int) -> String {
        #"{"time":1,"self_id":\#(bot),"post_type":"message","message_type":"group","sub_type":"normal","n":\#(number)}"#
    }

    // MARK: The bus's side

    /// Publishes an action for the bot, and returns its correlation id.
    @discardableResult
    func call(
        _ bot: Int64, _ frame: String, replyTo: QueueName? = "test.inbox", expiration: Duration? = nil,
        messageID: String? = nil, trace: TraceParent? = nil, priority: UInt8? = nil
    ) async throws -> (id: String, outcome: PublishOutcome) {
        let id = lastCall.withLock {
            $0 += 1
            return "call-\($0)"
        }
        var properties = MessageProperties()
        properties.headers = trace.map { [TraceParent.header: $0.text] } ?? [:]
        properties.replyTo = replyTo
        properties.correlationID = id
        properties.expiration = expiration
        properties.messageID = messageID
        properties.priority = priority
        let outcome = await bus.publish(
            Message(ByteBuffer(string: frame), properties), to: exchanges.actions,
            key: Exchanges.actionKey(SelfID(bot)), mandatory: true)
        return (id, outcome)
    }

    /// The answer to that call, waiting for it.
    func answer(to id: String) async throws -> String {
        try await eventually("call \(id) is answered") {
            self.received.withLock { $0.answers.contains { $0.properties.correlationID == id } }
        }
        return received.withLock { received in
            received.answers.first { $0.properties.correlationID == id }.map { String(buffer: $0.body) } ?? ""
        }
    }

    var answers: [Delivery] { received.withLock { $0.answers } }
    var events: [Delivery] { received.withLock { $0.events } }

    func events(count: Int) async throws -> [Delivery] {
        try await eventually("\(count) events came", read: { self.events }, until: { $0.count >= count })
    }

    /// With `false`, events are not acknowledged, so that their queue fills up.
    func acknowledgeEvents(_ acknowledges: Bool) {
        let held = received.withLock { received in
            received.acknowledgesEvents = acknowledges
            return received.events
        }
        if acknowledges { for delivery in held { delivery.acknowledge() } }
    }

    // MARK: What the edge knows

    var reported: [OnlineBot] { edge.reported }
    func bot(_ number: Int64) -> OnlineBot? { edge.bot(number) }
    func untilOnline(_ number: Int64) async throws { try await edge.untilOnline(number) }
    func untilOffline(_ number: Int64) async throws { try await edge.untilOffline(number) }
}

/// Records what is logged.
final class BotLog: Sendable {
    struct Entry: Sendable {
        let level: Logger.Level
        let message: String
        let metadata: [String: String]
    }

    private let lines = Mutex<[Entry]>([])
    var entries: [Entry] { lines.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "test", factory: { _ in Handler(log: self) })
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let log: BotLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            log.lines.withLock {
                $0.append(
                    Entry(
                        level: event.level, message: "\(event.message)", metadata: all.mapValues { "\($0)" }))
            }
        }
    }
}
