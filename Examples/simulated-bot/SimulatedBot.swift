public import Logging
public import NIOCore
import NIOPosix
public import OneBot
import WebSocketTransport

/// A OneBot 11 implementation without an account behind it, to try things with and to test against.
///
/// All of one bot lives on one event loop. Whoever starts it stops it.
public final class SimulatedBot: Sendable {
    public let configuration: SimulatedBotConfiguration
    private let eventLoop: any EventLoop
    private let core: NIOLoopBound<BotCore>
    private let server: WebSocketServer?
    /// Cancelled by ``stop()``.
    private let dialling: Task<Void, Never>

    private init(
        configuration: SimulatedBotConfiguration, eventLoop: any EventLoop, core: NIOLoopBound<BotCore>,
        server: WebSocketServer?, dialling: Task<Void, Never>
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.core = core
        self.server = server
        self.dialling = dialling
    }

    /// Listens and dials, as configured.
    /// - Parameters:
    ///   - group: lends one event loop; `nil`: the process's own.
    ///   - script: asked first about each action; called on the bot's event loop.
    /// - Throws: `IOError` if the port cannot be bound.
    public static func start(
        _ configuration: SimulatedBotConfiguration,
        on group: (any EventLoopGroup)? = nil,
        logger: Logger = Logger(label: "simulated-bot"),
        script: (@Sendable (ReceivedAction) -> ScriptedAnswer)? = nil
    ) async throws -> SimulatedBot {
        let eventLoop = (group ?? MultiThreadedEventLoopGroup.singleton).next()
        let core = try await eventLoop.submit {
            let core = BotCore(configuration: configuration, eventLoop: eventLoop, logger: logger)
            core.script = script
            core.startHeartbeats()
            return NIOLoopBound(core, eventLoop: eventLoop)
        }.get()
        var server: WebSocketServer?
        if let port = configuration.port {
            do {
                server = try await SimulatedBotServer.bind(
                    core, configuration, port: port, on: eventLoop, logger: logger)
            } catch {
                try await eventLoop.submit { core.value.stop() }.get()
                throw error
            }
        }
        let dialer = SimulatedBotDialer(core: core, configuration: configuration, eventLoop: eventLoop, logger: logger)
        return SimulatedBot(
            configuration: configuration, eventLoop: eventLoop, core: core, server: server,
            dialling: Task { await dialer.run() })
    }

    /// Stops listening and dialling, and closes every connection with 1001. Returns when they are closed.
    public func stop() async {
        dialling.cancel()
        await server?.close()
        // `try?`: it fails only where the event loop is shut down, and then everything is closed.
        try? await run { core in
            core.stop()
            return core.waitForLinks({ $0 == 0 }, "the end of all connections", within: .seconds(5))
        }
    }

    public var selfID: SelfID { configuration.selfID }

    /// The port it listens on; 0 where it does not.
    public var port: Int { server?.port ?? 0 }

    /// Where to connect for events and actions, on this machine.
    public var url: String { "ws://127.0.0.1:\(port)/" }

    // MARK: Connections

    /// How many connections there are.
    public var linkCount: Int {
        get async throws { try await run { core in core.eventLoop.makeSucceededFuture(core.links.count) } }
    }

    /// Returns once there are at least so many connections.
    public func waitForLinks(atLeast count: Int = 1, within limit: Duration = .seconds(10)) async throws {
        try await run { $0.waitForLinks({ $0 >= count }, "\(count) connections", within: limit) }
    }

    /// Returns once there is no connection.
    public func waitForNoLinks(within limit: Duration = .seconds(10)) async throws {
        try await run { $0.waitForLinks({ $0 == 0 }, "the end of all connections", within: limit) }
    }

    public enum Drop: Sendable {
        /// With a close frame, code 1001.
        case closing
        /// Without a close frame.
        case abrupt
    }

    /// Ends every connection. Whoever dialled may come back at once, unless the bot is away.
    public func dropLinks(_ drop: Drop = .closing) async throws {
        try await act { $0.dropLinks(isAbrupt: drop == .abrupt) }
    }

    /// Drops every connection. Lets nobody in (503 at the handshake) and dials nobody, until ``comeBack()`` or for that
    /// long.
    public func goAway(_ drop: Drop = .closing, for away: Duration = .seconds(3600)) async throws {
        try await act { core in
            core.leaveFor(away)
            core.dropLinks(isAbrupt: drop == .abrupt)
        }
    }

    public func comeBack() async throws {
        try await act { $0.comeBack() }
    }

    /// Stops reading from its connections, so that what others send piles up on their side.
    public func pauseReading() async throws {
        try await act { core in for link in core.links { link.connection.pauseReading() } }
    }

    public func resumeReading() async throws {
        try await act { core in for link in core.links { link.connection.resumeReading() } }
    }

    // MARK: Events

    /// Sends one event, exactly these bytes, to every connection that carries events. Returns to how many it went.
    @discardableResult
    public func emit(_ event: String) async throws -> Int {
        try await run { core in core.eventLoop.makeSucceededFuture(core.emit(ByteBuffer(string: event))) }
    }

    /// Sends one frame, exactly these bytes, to every connection, whatever it carries.
    @discardableResult
    public func sendToAll(_ frame: String) async throws -> Int {
        try await run { core in core.eventLoop.makeSucceededFuture(core.sendToAll(ByteBuffer(string: frame))) }
    }

    /// Sends numbered events as fast as the slowest connection takes them; returns when the last was written. While
    /// nobody is connected, they wait.
    public func emit(
        numbers: ClosedRange<Int>, event: (@Sendable (Int) -> ByteBuffer)? = nil
    ) async throws {
        try await run { core in
            let done = core.eventLoop.makePromise(of: Void.self)
            core.add(
                EventBurst(
                    numbers.lowerBound..<numbers.upperBound + 1, done: done, event: event ?? core.numberedEvent))
            return done.futureResult
        }
    }

    /// Changes how fast made-up events go out from now on.
    public func change(rate: EventRate, count: Int? = nil) async throws {
        try await act { $0.change(rate: rate, count: count) }
    }

    // MARK: Actions

    /// From now on `script` is asked first about each action; `nil`: no script is. Called on the bot's event loop.
    public func answer(by script: (@Sendable (ReceivedAction) -> ScriptedAnswer)?) async throws {
        try await act { $0.script = script }
    }

    public func misbehave(_ misbehaviour: Misbehaviour) async throws {
        try await act { $0.misbehaviour = misbehaviour }
    }

    /// The oldest action (of that name) that was not asked for yet, or the next one to come. Needs
    /// ``SimulatedBotConfiguration/recordedActions``.
    public func nextAction(_ name: String? = nil, within limit: Duration = .seconds(10)) async throws -> ReceivedAction
    {
        try await run { core in
            if let action = core.record.take(name) { return core.eventLoop.makeSucceededFuture(action) }
            let promise = core.eventLoop.makePromise(of: ReceivedAction.self)
            guard !core.isStopped else {
                promise.fail(SimulatedBotError.stopped)
                return promise.futureResult
            }
            let waiter = core.record.wait(for: name, promise)
            let timer = core.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) {
                let unread = core.record.unread.map(\.name)
                core.record.giveUp(
                    waiter, .timedOut(waitingFor: "the action \(name ?? "(any)")", lastSeen: "unread actions \(unread)")
                )
            }
            promise.futureResult.whenComplete { _ in timer.cancel() }
            return promise.futureResult
        }
    }

    /// The actions that were not asked for yet.
    public var unreadActions: [ReceivedAction] {
        get async throws { try await run { core in core.eventLoop.makeSucceededFuture(core.record.unread) } }
    }

    // MARK: Crossing to the event loop

    private func act(_ work: @escaping @Sendable (BotCore) -> Void) async throws {
        let core = core
        try await eventLoop.submit { work(core.value) }.get()
    }

    private func run<Value: Sendable>(
        _ work: @escaping @Sendable (BotCore) -> EventLoopFuture<Value>
    ) async throws -> Value {
        let core = core
        return try await eventLoop.flatSubmit { work(core.value) }.get()
    }
}
