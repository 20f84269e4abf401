import Bus
import Contracts
import Foundation
import Logging
import NIOCore
import Observability
import OneBot

/// The one who changes what the registry knows: takes one input at a time, writes what it promises, then changes
/// memory, then answers, then publishes. Only ``run()`` changes the state, so nothing happens between these steps.
actor Registrar {
    var state: RegistryState
    private let store: RegistryStore
    private let inputs: RegistryInputs
    let methods: RegistryMethods
    private let publisher: PresencePublisher
    private let edges: EdgeClient
    private let requester: Requester
    private let status: RegistryStatus
    let logger: Logger
    private let metrics = RegistryMetrics()
    private let clock: @Sendable () -> Moment
    private var generator = SystemRandomNumberGenerator()
    /// What could not be written yet. None of it was promised to anyone.
    var unsaved = StoreChanges()
    private var isStoreFailing = false
    var leasing = 0

    /// How many wishes for a port may be under way at a time, as each may wait for an edge; more are refused.
    static let maxLeasing = 256
    private static let mostDraws = 16

    /// Work that is done beside the inputs, which are taken one at a time.
    enum Errand: Sendable {
        case lease(RegistryAPI.LeasePort, Delivery)
        case ask(EdgeRequest)
    }

    init(
        state: RegistryState, store: RegistryStore, inputs: RegistryInputs, bus: any MessageBus, exchanges: Exchanges,
        requester: Requester, status: RegistryStatus, logger: Logger, clock: @escaping @Sendable () -> Moment
    ) {
        self.state = state
        self.store = store
        self.inputs = inputs
        self.methods = RegistryMethods(bus: bus)
        self.publisher = PresencePublisher(bus: bus, exchange: exchanges.presence)
        self.edges = EdgeClient(requester: requester, exchanges: exchanges)
        self.requester = requester
        self.status = status
        self.logger = logger
        self.clock = clock
    }

    /// Takes over what was stored, then handles inputs until there are no more.
    /// - Parameter followsAnother: another registry was at work before, perhaps with a database of its own.
    func run(_ stored: RegistryStore.Stored, followsAnother: Bool) async {
        let recovered = state.recover(stored, followsAnother: followsAnother, at: clock())
        await withDiscardingTaskGroup { group in
            for errand in await finish(recovered, at: clock()) { group.addTask { await self.run(errand) } }
            for await input in inputs.stream {
                for errand in await handle(input) { group.addTask { await self.run(errand) } }
            }
            requester.close()
            group.cancelAll()
        }
    }

    // MARK: Inputs

    private func handle(_ input: RegistryInput) async -> [Errand] {
        let now = clock()
        switch input {
        case .question(let delivery):
            defer { delivery.acknowledge() }
            return await answer(delivery, at: now)
        case .report(let delivery):
            defer { delivery.acknowledge() }
            return await take(delivery, at: now)
        case .tick:
            if inputs.tickTaken() { state.leases.hold(at: now.uptime) }
            let effects = state.expire(at: now)
            metrics.expired(effects.lapses)
            metrics.set(state.presence, edges: state.presence.edges.count)
            await trySaving()
            return await finish(effects, at: now)
        case .portWanted(let wish, let failures, let reply):
            reply(
                Result { () throws(RPC.Failure) in
                    try state.offer(wish, failures: failures, to: newcomer(in: state), at: now)
                })
            return []
        case .portBound(let offer, let opened, let reply):
            return await open(offer, opened, reply, at: now)
        case .portNotBound(let offer):
            return await finish(state.giveUp(offer.appID, at: now), at: now)
        case .portClosed(let appID):
            state.closed(appID)
            return []
        }
    }

    private func take(_ delivery: Delivery, at now: Moment) async -> [Errand] {
        let report: EdgeReport
        do {
            report = try JSONDecoder().decode(EdgeReport.self, from: Data(delivery.body.readableBytesView))
        } catch {
            logger.warning(
                "A report could not be read and is ignored.",
                metadata: [LogKeys.routingKey: "\(delivery.routingKey)", LogKeys.error: "\(error)"])
            return []
        }
        guard let effects = state.take(report, fresh: { newcomer(in: $0) }, at: now) else {
            logger.debug(
                "A report of an edge that has ended is ignored; if that edge is alive, two edges have one edge.id.",
                metadata: [LogKeys.edgeID: "\(report.edge.edgeID)", LogKeys.edgeInstance: "\(report.edge.instance)"])
            return []
        }
        metrics.expired(effects.lapses)
        return await finish(effects, at: now)
    }

    private func open(
        _ offer: PortOffer, _ opened: EdgeAPI.PortOpened, _ reply: RegistryInput.Reply<RegistryAPI.PortGrant>,
        at now: Moment
    ) async -> [Errand] {
        do throws(RPC.Failure) {
            let opening = try state.decide(offer.appID, bound: opened, at: now)
            if let failure = await save(opening.saves) { throw failure }
            state.open(opening)
            reply(
                .success(
                    RegistryAPI.PortGrant(
                        port: opened.publicPort, host: opened.host, url: opened.url, appID: offer.appID,
                        clientToken: offer.token.text, expiresIn: Int(state.portExpiry / .seconds(1)))))
            return []
        } catch {
            reply(.failure(error))
            return await finish(state.abandon(offer.appID, at: now), at: now)
        }
    }

    // MARK: What follows

    func finish(_ effects: RegistryEffects, at now: Moment) async -> [Errand] {
        var effects = effects
        unsaved.merge(effects.saves)
        publish(&effects, at: now)
        if !unsaved.isEmpty, !isStoreFailing { _ = await save(StoreChanges()) }
        status.set(awaiting: state.whatIsAwaited)
        return effects.requests.map { .ask($0) }
    }

    func publish(_ effects: inout RegistryEffects, at now: Moment) {
        publisher.publish(effects.changes, at: now)
        for change in effects.changes {
            switch change.kind {
            case .edgeUp: logger.info("An edge is up.", metadata: change.edge?.metadata)
            case .edgeDown:
                var metadata = change.edge?.metadata ?? [:]
                metadata[LogKeys.count] = "\(change.clients.count)"
                logger.notice("An edge is gone, with its clients.", metadata: metadata)
            case .clientOnline, .clientOffline, .clientRenamed, .botOnline, .botOffline: break
            }
        }
        effects.changes = []
    }

    /// Writes these changes, and those that could not be written before.
    /// - Returns: why it cannot; then nothing of `changes` was written, nor will be.
    func save(_ changes: StoreChanges) async -> RPC.Failure? {
        var all = unsaved
        all.merge(changes)
        guard !all.isEmpty else { return nil }
        do {
            try await store.save(all)
            unsaved = StoreChanges()
            storeWorks()
            return nil
        } catch {
            if !isStoreFailing { logger.error("The registry cannot save.", metadata: [LogKeys.error: "\(error)"]) }
            isStoreFailing = true
            status.set(store: "\(error)")
            return RPC.Failure(.unavailable(.unknown), "The registry cannot save this now: \(error)")
        }
    }

    /// After a failure, tries again to write what waits or, where nothing waits, whether writing works at all.
    private func trySaving() async {
        guard isStoreFailing else { return }
        if !unsaved.isEmpty {
            _ = await save(StoreChanges())
        } else if (try? await store.probe()) != nil {  // it failed before, and that was logged
            storeWorks()
        }
    }

    private func storeWorks() {
        guard isStoreFailing else { return }
        isStoreFailing = false
        status.set(store: nil)
        logger.notice("The registry can save again.")
    }

    // MARK: Errands

    private func run(_ errand: Errand) async {
        switch errand {
        case .lease(let wish, let question):
            let result = await PortCoordinator(inputs: inputs, edges: edges).lease(wish)
            leasing -= 1
            methods.answer(question, result)
        case .ask(let request):
            await run(request)
        }
    }

    private func run(_ request: EdgeRequest) async {
        do throws(RPC.Failure) {
            switch request {
            case .report(let edge): try await edges.report(at: edge)
            case .disconnect(let edge, let session, let reason):
                try await edges.disconnect(session, reason: reason, at: edge)
            case .closePort(let edge, let port):
                try await edges.closePort(port.port, for: port.appID, at: edge)
                inputs.send(.portClosed(appID: port.appID))
            }
        } catch {
            logger.debug("An edge did not do what it was asked.", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// A new client, for a session that presents no token; its `app_id` and its token are nobody else's. Where the
    /// source of random numbers repeats itself, this gives up after some draws, and the state then refuses the client.
    func newcomer(in state: RegistryState) -> KnownClient {
        var attempts = 1
        while true {
            let fresh = KnownClient(
                appID: FreshUUID.text(using: &generator), token: .fresh(using: &generator), state: .leased)
            if !state.isTaken(fresh) || attempts == Self.mostDraws { return fresh }
            attempts += 1
        }
    }
}

extension EdgeAddress {
    fileprivate var metadata: Logger.Metadata {
        [LogKeys.edgeID: "\(edgeID)", LogKeys.edgeInstance: "\(instance)"]
    }
}
