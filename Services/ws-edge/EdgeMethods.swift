import Actions
import Bus
import Contracts
import Logging
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// What the registry and the gateway may ask of this edge: method → the part that answers (``EdgeAPI``).
final class EdgeMethods: Sendable {
    private let bus: any MessageBus
    private let registry: RegistryClient
    private let presence: PresenceView
    private let leases: LeaseKeeper
    private let tasks: BackgroundTasks
    private let logger: Logger
    private let hub: Hub
    private let ports: PortListeners
    private let bots: Bots
    private let announcer: ClientStatusAnnouncer
    private let refreshing = Refreshing()

    init(
        bus: any MessageBus, registry: RegistryClient, presence: PresenceView, leases: LeaseKeeper,
        tasks: BackgroundTasks, hub: Hub, ports: PortListeners, bots: Bots, announcer: ClientStatusAnnouncer,
        logger: Logger
    ) {
        self.bus = bus
        self.registry = registry
        self.presence = presence
        self.leases = leases
        self.tasks = tasks
        self.logger = logger
        self.hub = hub
        self.ports = ports
        self.bots = bots
        self.announcer = announcer
    }

    /// Answers a question, in a task of its own where it takes time.
    func perform(_ delivery: Delivery) {
        guard let replyTo = delivery.properties.replyTo else { return }
        let question = delivery.body
        let correlationID = delivery.properties.correlationID
        let trace = delivery.properties.trace
        tasks.spawn {
            let answer: ByteBuffer
            do {
                answer = try await TraceParent.$current.withValue(trace) { try await self.answer(question) }
            } catch {
                let failure = error as? RPC.Failure ?? RPC.Failure(.badRequest, "The question cannot be read: \(error)")
                // Plain fields: encoding them cannot fail.
                guard let encoded = try? RPC.encodeFailure(failure) else { return }
                answer = encoded
            }
            var properties = MessageProperties("answer", from: .edge, trace: trace)
            properties.correlationID = correlationID
            self.bus.publish(
                Message(answer, properties), to: .toQueue, key: RoutingKey(replyTo.text), mandatory: false, then: nil)
        }
    }

    /// Asks the registry for everything that is online, until it answers.
    func refreshPresence() {
        guard refreshing.begin() else { return }
        tasks.spawn {
            defer { self.refreshing.end() }
            while !Task.isCancelled {
                do {
                    try await self.announcer.replace(with: self.registry.snapshot())
                    if self.presence.current.isComplete { return }
                } catch {
                    self.logger.debug("No snapshot from the registry yet.", metadata: [LogKeys.reason: "\(error)"])
                    // Cancelled: the loop's condition ends it.
                    try? await Task.sleep(for: .milliseconds(300))
                }
            }
        }
    }

    private func answer(_ question: ByteBuffer) async throws -> ByteBuffer {
        guard let name = RPC.method(of: question), let method = EdgeAPI.Method(rawValue: name) else {
            throw RPC.Failure(.notFound, "An edge has no method \(RPC.method(of: question) ?? "(none given)").")
        }
        switch method {
        case .openPort:
            return try RPC.encodeResult(try await ports.open(RPC.decodeParams(EdgeAPI.OpenPort.self, from: question)))
        case .closePort:
            await ports.close(try RPC.decodeParams(EdgeAPI.ClosePort.self, from: question).appID)
        case .disconnect:
            let wish = try RPC.decodeParams(EdgeAPI.Disconnect.self, from: question)
            hub.enqueue(.onSession(wish.sessionID) { $0.close(.policy(wish.reason)) }, to: wish.sessionID)
        case .report: leases.reportAll()
        case .restartBot:
            try await bots.restart(RPC.decodeParams(EdgeAPI.RestartBot.self, from: question).selfID)
        case .botTroubles:
            return try RPC.encodeResult(EdgeAPI.BotTroubles(sentences: Array(bots.troubles.prefix(5))))
        case .perform:
            return try RPC.encodeResult(try await perform(RPC.decodeParams(EdgeAPI.Perform.self, from: question)))
        }
        return try RPC.encodeResult(RPC.Empty())
    }

    /// Carries out an action in the name of a client that lives here, behind those it has asked for itself.
    private func perform(_ wish: EdgeAPI.Perform) async throws -> EdgeAPI.Performed {
        guard let own = OwnAction(named: wish.action) else {
            throw RPC.Failure(.notFound, "\(wish.action) is no action of ours.")
        }
        let params = try wish.params.map { try JSONObject(ByteBuffer(string: $0)) }
        let action = Action(name: wish.action, params: params)
        let response: Response = await withCheckedContinuation { continuation in
            let answer = OnceOnly { continuation.resume(returning: $0) }
            let gone = Response.failed(.notFound, "The client is no longer online; connect again.")
            hub.shard(of: wish.sessionID).perform(
                OwnActions.Job(own: own, action: action, answer: .callback { answer.call($0) }), in: wish.sessionID,
                appID: wish.appID
            ) { answer.call(gone) }
        }
        return EdgeAPI.Performed(response: String(buffer: response.encoded(echo: nil)))
    }
}
