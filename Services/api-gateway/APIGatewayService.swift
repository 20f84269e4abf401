public import Actions
public import Bus
import Contracts
import Foundation
import Hummingbird
import HummingbirdCore
public import Listening
public import Logging
public import NIOCore
public import Observability
import OneBot
public import ServiceLifecycle
import SettingsReading
import Synchronization

/// Serves the same actions over HTTP, to people and scripts, and over AMQP, to programs on the broker.
public final class APIGatewayService: Service {
    /// How long a connection may be without a request, or with one that does not go on, before it is closed.
    private static let idleTimeout = TimeAmount.seconds(60)

    private let configuration: APIGatewayConfiguration
    private let bus: any MessageBus
    private let eventLoopGroup: any EventLoopGroup
    private let logger: Logger
    private let onBound: @Sendable (Int) -> Void
    private let sharedPort: @Sendable () -> Int?
    private let inbound: InboundBudget
    private let checks: [HealthCheck]
    private let metrics: MetricsPage?
    private let requester: Requester
    private let presence = PresenceView()
    private let tasks = BackgroundTasks()
    private let isBound = Mutex(false)
    private let accepting: AcceptLimits

    /// Has no side effects: everything begins with ``run()``.
    /// - Parameters:
    ///   - checks: of the process's bus and its other services, for `/health/ready`.
    ///   - metrics: what `/metrics` answers.
    ///   - inbound: the process's budget for messages that arrive; `nil`: this service has one of its own.
    ///   - sharedPort: the edge's, where it is in this process and listens already.
    ///   - onBound: hears the port once it listens (`api.port` may be 0).
    public init(
        configuration: APIGatewayConfiguration, bus: any MessageBus, eventLoopGroup: any EventLoopGroup, logger: Logger,
        checks: [HealthCheck] = [], metrics: MetricsPage? = nil, inbound: InboundBudget? = nil,
        sharedPort: @escaping @Sendable () -> Int? = { nil },
        onBound: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.bus = bus
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
        self.inbound = inbound ?? InboundBudget(limit: configuration.inboundBudget)
        self.checks = checks
        self.metrics = metrics
        self.sharedPort = sharedPort
        self.onBound = onBound
        accepting = AcceptLimits(logger: logger)
        let instance = EdgeAddress.newInstance()
        requester = Requester(
            bus: bus, inbox: configuration.exchanges.gatewayInbox(instance: instance), idPrefix: "gateway",
            appID: ServiceName.gateway.rawValue)
    }

    private var health: HealthCheck {
        { [readiness, accepting] in readiness().map { Impairment(.unavailable, $0) } ?? accepting.impairment }
    }

    /// `nil` where the gateway does its work, else why it doesn't.
    public var readiness: @Sendable () -> String? {
        { [presence] in
            let known = presence.current
            guard known.isComplete else { return "The gateway has not heard from the registry yet who is online." }
            return known.edges.isEmpty ? "No edge is up: there is nobody to serve clients and bots." : nil
        }
    }

    /// Serves until graceful shutdown or cancellation: then takes no more requests, and finishes those in flight within
    /// `api.drain_time`.
    /// - Throws: ``APIGatewayError`` where it cannot listen.
    public func run() async throws {
        warnIfOpen()
        let exchanges = configuration.exchanges
        let registry = RegistryClient(requester: requester, exchanges: exchanges)
        let feed = PresenceFeed(
            view: presence, registry: registry, requester: requester, bus: bus, exchanges: exchanges, logger: logger)
        let eventLoop = eventLoopGroup.next()
        let consumer = LastingConsumer { lost throws(MessageBusError) in
            try await feed.open(on: eventLoop, lost: lost)
        }
        let own = ownActions(registry)
        let door = BrokerDoor(
            own: own, bus: bus, exchanges: exchanges, eventLoop: eventLoopGroup.next(), logger: logger)
        guard try await open(consumer) else { return }
        let outcome = await serve(application(own), door, feed, consumer)
        requester.close()
        await consumer.cancel()
        // It may be gone with the connection already.
        try? await bus.delete(requester.inbox)
        try outcome.get()
    }

    /// Waits for the bus; false where we are to stop before.
    private func open(_ inbox: LastingConsumer) async throws -> Bool {
        do {
            try await cancelWhenGracefulShutdown {
                try await self.bus.persistently { try await inbox.open() }
            }
            return true
        } catch is CancellationError {
            return false
        }
    }

    /// Runs everything until the server has ended.
    private func serve(
        _ application: some ApplicationProtocol, _ door: BrokerDoor, _ feed: PresenceFeed,
        _ inbox: LastingConsumer
    ) async -> Result<Void, any Error> {
        await withTaskGroup(of: Result<Void, any Error>?.self) { group in
            group.addTask {
                await feed.run()
                return nil
            }
            group.addTask { [tasks] in
                await tasks.run()
                return nil
            }
            group.addTask { await self.drainDeadline() }
            group.addTask {
                await inbox.keep {
                    self.logger.warning("The gateway's queue was deleted under it; it is made anew.")
                } regained: {
                    self.logger.notice("The gateway has its queue again.")
                    feed.askAgain()
                }
                return nil
            }
            group.addTask {
                do {
                    // Both end with graceful shutdown, once what is in flight is answered.
                    async let broker: Void = door.run()
                    try await application.run()
                    await broker
                    return .success(())
                } catch {
                    return .failure(self.explained(error))
                }
            }
            defer { group.cancelAll() }
            for await case .some(let outcome) in group { return outcome }
            return .success(())
        }
    }

    /// Answers the requests that are still in flight `api.drain_time` after graceful shutdown began. A second later it
    /// gives up those whose answer could not be written.
    private func drainDeadline() async -> Result<Void, any Error>? {
        do {
            try await gracefulShutdown()
            try await Task.sleep(for: configuration.drainTime)
            logger.warning(
                "Requests in flight are answered without an outcome.",
                metadata: [LogKeys.delay: "\(configuration.drainTime)"])
            requester.close()
            try await Task.sleep(for: .seconds(1))
            return .success(())
        } catch {
            return nil  // Cancelled: all ended in time.
        }
    }

    private var bots: BotActionCaller {
        BotActionCaller(requester: requester, exchanges: configuration.exchanges, patience: configuration.patience)
    }

    private func ownActions(_ registry: RegistryClient) -> OwnActions {
        let exchanges = configuration.exchanges
        let edges = EdgeClient(requester: requester, exchanges: exchanges)
        var dispatcher = ActionDispatcher(
            of: .gateway, registry: registry, edges: edges, presence: presence, bus: bus, exchanges: exchanges,
            bots: bots,
            spawn: { [tasks] in tasks.spawn($0) })
        dispatcher.onlineClientsShape = configuration.onlineClientsShape
        dispatcher.logger = logger
        return OwnActions(registry: registry, edges: edges, dispatcher: dispatcher)
    }

    private func application(_ own: OwnActions) -> some ApplicationProtocol {
        let responder = GatewayResponder(
            gate: AccessGate(
                tokens: configuration.tokens, opensDiscovery: configuration.opensDiscovery,
                policy: configuration.doorPolicy),
            crossOrigin: CrossOrigin(policy: configuration.doorPolicy),
            webSocket: WebSocketElsewhere(
                publicHost: configuration.publicHost,
                sharedPort: { [sharedPort, configured = configuration.sharedPort] in sharedPort() ?? configured }),
            actions: ActionRoutes(
                own: own, dispatcher: own.dispatcher, bots: bots,
                policy: CallerIdentity.Policy(
                    requiresClientToken: configuration.requiresClientToken,
                    identifiesByAddress: configuration.identifiesByAddress),
                limits: configuration.outbound),
            health: HealthRoutes(checks: [health] + checks, metrics: metrics), maxBodyBytes: configuration.maxBodyBytes,
            inbound: inbound, failedStatus: configuration.failedStatus)
        return Application(
            responder: responder,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [UnreadableRequest(), DeclinedUpgrade()], idleTimeout: Self.idleTimeout)),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                // Further connections wait in the system's queue.
                availableConnectionsDelegate: MaximumAvailableConnections(
                    DescriptorShares(loops: Array(eventLoopGroup.makeIterator()).count).http)),
            onServerRunning: { [self] channel in
                await keep(channel)
                isBound.withLock { $0 = true }
                onBound(channel.localAddress?.port ?? configuration.port)
            },
            eventLoopGroupProvider: .shared(eventLoopGroup), logger: logger)
    }

    /// Puts the limits on accepting before the listener, whose pipeline Hummingbird has made by now.
    private func keep(_ listener: any Channel) async {
        // It fails only where the listener has been closed.
        try? await listener.eventLoop.submit { [accepting] in
            try listener.pipeline.syncOperations.addHandler(AcceptGate(accepting), position: .first)
        }.get()
    }

    private func warnIfOpen() {
        let isLoopback = configuration.host.hasPrefix("127.") || ["localhost", "::1"].contains(configuration.host)
        guard !configuration.asksForToken, !isLoopback else { return }
        logger.warning(
            "The API is open to everyone who can reach this machine: set access_token, or api.host to 127.0.0.1.",
            metadata: [LogKeys.address: "\(configuration.host)", LogKeys.port: "\(configuration.port)"])
    }

    private func explained(_ error: any Error) -> any Error {
        if isBound.withLock({ $0 }) { return error }
        return APIGatewayError.cannotListen(
            ListenFailure(
                error, host: configuration.host, port: configuration.port, hostSetting: "api.host",
                portSetting: "api.port"))
    }
}

/// Why the gateway cannot serve.
public enum APIGatewayError: Error, Sendable, CustomStringConvertible {
    case cannotListen(ListenFailure)

    public var description: String {
        switch self {
        case .cannotListen(let failure): failure.description
        }
    }
}
