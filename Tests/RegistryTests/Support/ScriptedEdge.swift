import Bus
import Contracts
import Foundation
import NIOCore
import OneBot
import Synchronization
import Testing

/// An edge as the registry sees it: it reports and asks, opens and closes ports when told to, and keeps a replica.
final class ScriptedEdge: Sendable {
    struct State {
        var open: [Int: String] = [:]
        var nextPort = 40_000
        var refusesPorts: Set<Int> = []
        /// Ports it was asked to open although they were open, which the registry must never do.
        var doubled: [Int] = []
        var mostOpen = 0
        var disconnected: [UInt64] = []
        var reportsAsked = 0
        /// What came into the inbox, in order: `answer` or a kind of presence change.
        var inbox: [String] = []
        /// The edges that were announced as down, in order.
        var down: [EdgeAddress] = []
    }

    let address: EdgeAddress
    let bus: InMemoryBus
    let registry: RegistryClient
    let presence = PresenceView()
    private let exchanges = Exchanges()
    private let requester: Requester
    private let state = Mutex(State())
    private let sequence = Mutex<UInt64>(0)

    init(_ address: EdgeAddress, on broker: InMemoryBroker, eventLoop: any EventLoop) async throws {
        self.address = address
        bus = broker.connect()
        requester = Requester(bus: bus, inbox: exchanges.inbox(of: address), idPrefix: "r")
        registry = RegistryClient(requester: requester, exchanges: exchanges)
        for exchange in exchanges.all { try await bus.declare(exchange) }
        let inbox = exchanges.inbox(of: address)
        try await bus.declare(QueueDeclaration(inbox))
        try await bus.bind(inbox, to: exchanges.rpc, BindingPattern(address.key.text))
        for kind in PresenceChange.Kind.allCases {
            try await bus.bind(inbox, to: exchanges.presence, BindingPattern(kind.key.text))
        }
        _ = try await bus.consume(
            inbox, prefetch: 100, on: eventLoop, cancelled: {},
            handler: { [weak self] delivery in
                self?.take(delivery)
                delivery.acknowledge()
            })
    }

    var seen: State { state.withLock { $0 } }

    func refuse(_ ports: Set<Int>) { state.withLock { $0.refusesPorts = ports } }

    func report(
        _ kind: EdgeReport.Kind, sessions: [SessionClaim] = [], left: [UInt64] = [], bots: [OnlineBot] = [],
        closed: [EdgeAPI.ClosePort] = [], count: Int? = nil
    ) async throws {
        let outcome = await withCheckedContinuation { (published: CheckedContinuation<PublishOutcome, Never>) in
            // Numbered and published in one step: reports arrive in the order of their numbers.
            sequence.withLock { sequence in
                sequence += 1
                let report = EdgeReport(
                    kind: kind, edge: address, sequence: sequence, isReady: true, sessions: sessions, left: left,
                    bots: bots, closedPorts: closed, sessionCount: count ?? sessions.count)
                guard let body = try? JSONEncoder().encode(report) else {  // strings and numbers: it cannot fail
                    return published.resume(returning: .rejected("not encodable"))
                }
                bus.publish(
                    Message(ByteBuffer(bytes: body)), to: exchanges.presence, key: address.reportKey, mandatory: true
                ) { published.resume(returning: $0) }
            }
        }
        #expect(outcome == .confirmed)
    }

    /// Asks with the given bytes, and returns those of the answer.
    func ask(_ question: String, timeout: Duration = .seconds(5)) async throws -> ByteBuffer {
        try await requester.request(
            Message(ByteBuffer(string: question)), to: exchanges.rpc, key: Exchanges.registryKey, timeout: timeout
        ).body
    }

    func clientLeft(_ port: Int, appID: String, session: UInt64, count: Int) async throws {
        state.withLock { $0.open[port] = nil }
        try await report(
            .change, left: [session], closed: [EdgeAPI.ClosePort(port: port, appID: appID)], count: count)
    }

    func disappear() async { await bus.close() }

    private func take(_ delivery: Delivery) {
        if delivery.exchange.isEmpty {
            state.withLock { $0.inbox.append("answer") }
            _ = requester.receive(delivery)
        } else if delivery.exchange == exchanges.presence.name {
            guard
                let change = try? JSONDecoder().decode(PresenceChange.self, from: Data(delivery.body.readableBytesView))
            else {
                Issue.record("A presence change cannot be read: \(String(buffer: delivery.body))")
                return
            }
            state.withLock { state in
                state.inbox.append(change.kind.rawValue)
                if change.kind == .edgeDown, let edge = change.edge { state.down.append(edge) }
            }
            _ = presence.apply(change)
        } else {
            answer(delivery)
        }
    }

    private func answer(_ delivery: Delivery) {
        do {
            guard let method = RPC.method(of: delivery.body).flatMap({ EdgeAPI.Method(rawValue: $0) }) else {
                throw RPC.Failure(.notFound, "no such method")
            }
            switch method {
            case .openPort:
                let wish = try RPC.decodeParams(EdgeAPI.OpenPort.self, from: delivery.body)
                reply(to: delivery, try RPC.encodeResult(try open(wish)))
            case .closePort:
                let port = try RPC.decodeParams(EdgeAPI.ClosePort.self, from: delivery.body)
                state.withLock { state in
                    if state.open[port.port] == port.appID { state.open[port.port] = nil }
                }
                reply(to: delivery, try RPC.encodeResult(RPC.Empty()))
            case .disconnect:
                let wish = try RPC.decodeParams(EdgeAPI.Disconnect.self, from: delivery.body)
                state.withLock { $0.disconnected.append(wish.sessionID) }
                reply(to: delivery, try RPC.encodeResult(RPC.Empty()))
            case .report:
                state.withLock { $0.reportsAsked += 1 }
                reply(to: delivery, try RPC.encodeResult(RPC.Empty()))
            case .restartBot, .botTroubles, .perform:
                throw RPC.Failure(.notFound, "not scripted")
            }
        } catch {
            let failure = error as? RPC.Failure ?? RPC.Failure(.badRequest, "\(error)")
            guard let body = try? RPC.encodeFailure(failure) else { return }  // two plain fields: it cannot fail
            reply(to: delivery, body)
        }
    }

    private func open(_ wish: EdgeAPI.OpenPort) throws -> EdgeAPI.PortOpened {
        try state.withLock { state in
            if let port = wish.port, state.refusesPorts.contains(port) {
                throw RPC.Failure(.unavailable(.no()), "Port \(port) is in use.")
            }
            let port = wish.port ?? state.nextPort
            state.nextPort += 1
            if state.open[port] != nil { state.doubled.append(port) }
            state.open[port] = wish.appID
            state.mostOpen = max(state.mostOpen, state.open.count)
            return EdgeAPI.PortOpened(port: port, host: "127.0.0.1", publicPort: port, url: "ws://127.0.0.1:\(port)/")
        }
    }

    private func reply(to delivery: Delivery, _ body: ByteBuffer) {
        guard let queue = delivery.properties.replyTo else { return }
        var properties = MessageProperties()
        properties.correlationID = delivery.properties.correlationID
        bus.publish(
            Message(body, properties), to: .toQueue, key: RoutingKey(queue.text), mandatory: false, then: nil)
    }
}
