public import Bus
public import Contracts
import Foundation
public import NIOCore
public import OneBot
import Synchronization

/// A registry that answers as a test says, over the bus. It refuses other questions loudly.
public final class FakeRegistry: Sendable {
    private struct State {
        var snapshot = PresenceSnapshot(registryEpoch: 1, sequence: 0, edges: [], clients: [], bots: [])
        var answers: [RegistryAPI.Method: @Sendable (ByteBuffer) throws -> ByteBuffer] = [:]
    }

    private let responder: BusResponder
    private let exchanges: Exchanges
    private let state: Mutex<State>

    public init(at broker: some TestBroker, exchanges: Exchanges = Exchanges()) async throws {
        self.exchanges = exchanges
        state = Mutex(State())
        responder = try await BusResponder(
            at: broker, queue: exchanges.registryQueue,
            bindings: [(exchanges.rpc, BindingPattern(Exchanges.registryKey.text))])
        responder.answer { [self] in answer($0.body) }
    }

    /// The answer to `snapshot`.
    public var snapshot: PresenceSnapshot {
        get { state.withLock { $0.snapshot } }
        set { state.withLock { $0.snapshot = newValue } }
    }

    /// From now on it answers that method like this.
    public func answer<Params: Codable & Sendable>(
        _ method: RegistryAPI.Method, _ type: Params.Type = Params.self,
        with answer: @escaping @Sendable (Params) throws -> some Codable & Sendable
    ) {
        state.withLock {
            $0.answers[method] = { try RPC.encodeResult(answer(RPC.decodeParams(Params.self, from: $0))) }
        }
    }

    /// The parameters of every question of that method, as they came.
    public func questions<Params: Codable & Sendable>(
        _ method: RegistryAPI.Method, _ type: Params.Type = Params.self
    ) throws -> [Params] {
        try responder.deliveries.map(\.body).filter { RPC.method(of: $0) == method.rawValue }
            .map { try RPC.decodeParams(Params.self, from: $0) }
    }

    /// Publishes a presence change.
    public func publish(_ change: PresenceChange) async throws {
        let body = ByteBuffer(bytes: try JSONEncoder().encode(change))
        _ = await responder.publish(body, to: exchanges.presence, key: change.kind.key)
    }

    /// Goes away: questions are unroutable.
    public func close() async { await responder.close() }

    private func answer(_ question: ByteBuffer) -> ByteBuffer? {
        do {
            let method = RPC.method(of: question).flatMap(RegistryAPI.Method.init)
            let (answer, snapshot) = state.withLock { state in (method.flatMap { state.answers[$0] }, state.snapshot) }
            if let answer { return try answer(question) }
            if method == .snapshot { return try RPC.encodeResult(snapshot) }
            if method == .position {
                return try RPC.encodeResult(
                    PresencePosition(registryEpoch: snapshot.registryEpoch, sequence: snapshot.sequence))
            }
            throw RPC.Failure(.notFound, "The test did not expect the registry to be asked for \(method as Any).")
        } catch let failure as RPC.Failure {
            return try? RPC.encodeFailure(failure)  // two plain fields: it cannot fail
        } catch {
            return try? RPC.encodeFailure(RPC.Failure(.badRequest, "\(error)"))
        }
    }
}

extension BusResponder {
    /// An edge as others see it: its inbox, with questions, broadcasts and callbacks.
    public static func edge(
        _ address: EdgeAddress, at broker: some TestBroker, exchanges: Exchanges = Exchanges()
    ) async throws -> BusResponder {
        let key = BindingPattern(address.key.text)
        return try await BusResponder(
            at: broker, queue: exchanges.inbox(of: address),
            bindings: [(exchanges.rpc, key), (exchanges.broadcast, key), (exchanges.callback, key)])
    }

    /// A program that lives on AMQP: its own queue, with broadcasts and callbacks.
    public static func client(
        _ appID: String, at broker: some TestBroker, exchanges: Exchanges = Exchanges()
    ) async throws -> BusResponder {
        let key = BindingPattern(Exchanges.clientKey(appID).text)
        return try await BusResponder(
            at: broker, queue: QueueName("program.\(appID)"),
            bindings: [(exchanges.broadcast, key), (exchanges.callback, key)])
    }

    /// The holder of a bot's link, which gets its actions.
    public static func bot(
        _ bot: SelfID, at broker: some TestBroker, exchanges: Exchanges = Exchanges(),
        answer: @escaping @Sendable (Delivery) -> ByteBuffer? = { _ in nil }
    ) async throws -> BusResponder {
        try await BusResponder(
            at: broker, queue: exchanges.botQueue(bot),
            bindings: [(exchanges.actions, BindingPattern(Exchanges.actionKey(bot).text))], answer: answer)
    }

    /// The broadcasts or callbacks that came, by exchange; waits until there are that many. A publish is confirmed once
    /// the message is in the queue, which is before it is delivered.
    public func distributed(on exchange: Exchange, atLeast count: Int = 1) async throws -> [DistributedMessage] {
        try await eventually("\(count) messages came on \(exchange.name)") {
            deliveries.filter { $0.exchange == exchange.name }.compactMap { DistributedMessage(decoding: $0.body) }
        } until: {
            $0.count >= count
        }
    }
}

extension OnlineClient {
    /// A client for tests, connected over WebSocket.
    public static func fixture(
        _ appID: String, named name: String? = nil, role: ClientRole = .universal, at edge: EdgeAddress,
        session: UInt64 = 1, bot: SelfID? = SelfID(10001), since connectedAt: Int64 = 1_700_000_000,
        from remoteAddress: String = "127.0.0.1:50000"
    ) -> OnlineClient {
        OnlineClient(
            appID: appID, clientName: name, role: role, transport: .websocket, edge: edge, sessionID: session,
            selfID: bot, connectedAt: connectedAt, remoteAddress: remoteAddress)
    }

    /// A client for tests that lives on AMQP.
    public static func onAMQP(
        _ appID: String, named name: String? = nil, since connectedAt: Int64 = 1_700_000_000
    ) -> OnlineClient {
        OnlineClient(
            appID: appID, clientName: name, role: .universal, transport: .amqp, edge: nil, sessionID: 0, selfID: nil,
            connectedAt: connectedAt, remoteAddress: "")
    }
}

extension OnlineBot {
    /// A bot for tests, online.
    public static func fixture(
        _ selfID: Int64, at edge: EdgeAddress, isSupervised: Bool = false
    ) -> OnlineBot {
        OnlineBot(
            selfID: SelfID(selfID), edge: edge, epoch: 1, isOnline: true, configuredIndex: 0, isSupervised: isSupervised
        )
    }
}
