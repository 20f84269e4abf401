import Contracts
import OneBot
import Testing

@testable import Registry

/// A registry's state with a clock of its own, and a replica that applies what it publishes. Everything the state asks
/// for is carried out at once.
struct RegistryWorld {
    var state: RegistryState
    var now = Moment(uptime: .seconds(1_000), utcMilliseconds: 1_700_000_000_000)
    /// Everything published so far.
    var published: [PresenceChange] = []
    /// Everything asked of edges so far.
    var requests: [EdgeRequest] = []
    /// Everything written so far.
    var saved = StoreChanges()
    var replica = PresenceReplica()
    private var newcomers = 0
    var lapsedPorts = 0
    private var sequences: [EdgeAddress: UInt64] = [:]

    static let edge = EdgeAddress(edgeID: "e1", instance: "a")
    static let other = EdgeAddress(edgeID: "e2", instance: "a")

    init(
        lease: Duration = .seconds(15), portExpiry: Duration = .seconds(15), ports: ClosedRange<Int>? = nil,
        mode: RegistryConfiguration.PortMode = .leased, registryEpoch: UInt64 = 7
    ) {
        state = RegistryState(
            configuration: RegistryConfiguration(
                database: ":memory:", lease: lease, portExpiry: portExpiry, portRange: ports, portMode: mode,
                exchanges: Exchanges()),
            registryEpoch: registryEpoch)
        _ = replica.replace(with: state.presence.snapshot)
    }

    /// A registry that starts from what this one has written.
    func restarted(after pause: Duration = .zero) -> RegistryWorld {
        var next = RegistryWorld(
            lease: state.leases.duration, portExpiry: state.portExpiry, ports: state.allocator.range,
            registryEpoch: state.presence.registryEpoch + 1)
        next.now = Moment(
            uptime: .seconds(5), utcMilliseconds: now.utcMilliseconds + Int64(pause / .milliseconds(1)))
        next.newcomers = 1_000 * Int(next.state.presence.registryEpoch)
        next.sequences = sequences
        next.saved = saved
        next.carryOut(next.state.recover(stored(epoch: state.presence.registryEpoch + 1), at: next.now))
        return next
    }

    private func stored(epoch: UInt64) -> RegistryStore.Stored {
        func kept<Record>(_ writes: some Collection<StoreChanges.Write<Record>>) -> [Record] {
            writes.compactMap { if case .put(let record) = $0 { record } else { nil } }
        }
        return RegistryStore.Stored(
            registryEpoch: epoch, clients: kept(saved.clients.values), ports: kept(saved.ports.values),
            edges: Array(saved.edges.values), bots: Array(saved.bots.values))
    }

    mutating func carryOut(_ effects: RegistryEffects) {
        saved.merge(effects.saves)
        published += effects.changes
        requests += effects.requests
        lapsedPorts += effects.lapses.ports
        for change in effects.changes { _ = replica.apply(change) }
    }

    mutating func newcomer() throws -> KnownClient {
        newcomers += 1
        return KnownClient(
            appID: "app-\(newcomers)", token: try #require(ClientToken("token-\(newcomers)")), state: .leased)
    }

    /// Lets time pass, with a look at the table every second.
    mutating func pass(_ time: Duration) {
        var left = time
        while left > .zero {
            let step = min(left, .seconds(1))
            now.uptime += step
            now.utcMilliseconds += Int64(step / .milliseconds(1))
            left -= step
            carryOut(state.expire(at: now))
        }
    }

    // MARK: Questions

    mutating func register(
        _ session: UInt64, at edge: EdgeAddress = edge, token: String? = nil, name: String? = nil, resume: Int? = nil,
        granted: SessionGrant? = nil, address: String = "192.0.2.1:5000", selfID: SelfID? = nil
    ) throws -> SessionGrant {
        guard let heard = state.hear(from: edge, at: now) else {
            throw RPC.Failure(.unavailable(.no()), "ended")
        }
        carryOut(heard)
        let claim = Self.claim(
            session, token: token, name: name, resume: resume, granted: granted, address: address, selfID: selfID)
        switch state.decide(claim, at: edge, fresh: try newcomer(), now: now) {
        case .refused(let failure), .superseded(let failure): throw failure
        case .repeated(let client): return client.grant
        case .admitted(let admission):
            saved.merge(admission.saves)
            carryOut(state.admit(admission, at: now))
            return admission.client.grant
        }
    }

    mutating func name(_ appID: String, _ name: String) throws {
        guard let renaming = try state.decide(RegistryAPI.SetName(appID: appID, name: name), at: now) else { return }
        saved.merge(renaming.saves)
        carryOut(state.rename(renaming))
    }

    mutating func leasePort(
        selfID: SelfID? = nil, edgeID: String? = nil, failures: [EdgeAddress: Int] = [:]
    ) throws -> PortOffer {
        try state.offer(
            RegistryAPI.LeasePort(selfID: selfID, edgeID: edgeID), failures: failures, to: try newcomer(), at: now)
    }

    mutating func bind(_ offer: PortOffer, to port: Int? = nil) throws {
        let bound = port ?? offer.port ?? 50_000
        let opened = EdgeAPI.PortOpened(port: bound, host: "h", publicPort: bound, url: "ws://h:\(bound)/")
        let opening = try state.decide(offer.appID, bound: opened, at: now)
        saved.merge(opening.saves)
        state.open(opening)
    }

    // MARK: Reports

    /// False where the edge's reports are ignored.
    @discardableResult
    mutating func report(
        _ kind: EdgeReport.Kind, of edge: EdgeAddress = edge, sequence: UInt64? = nil, ready: Bool = true,
        sessions: [SessionClaim] = [], left: [UInt64] = [], bots: [OnlineBot] = [],
        closed: [EdgeAPI.ClosePort] = [], count: Int? = nil
    ) throws -> Bool {
        let number = sequence ?? (sequences[edge] ?? 0) + 1
        sequences[edge] = number
        let report = EdgeReport(
            kind: kind, edge: edge, sequence: number, isReady: ready, sessions: sessions, left: left, bots: bots,
            closedPorts: closed, sessionCount: count ?? (kind == .full ? sessions.count : online(at: edge) - left.count)
        )
        var fresh: [KnownClient] = []
        for _ in sessions { fresh.append(try newcomer()) }
        let effects = state.take(report, fresh: { _ in fresh.removeFirst() }, at: now)
        guard let effects else { return false }
        carryOut(effects)
        return true
    }

    func online(at edge: EdgeAddress) -> Int { state.presence.count(at: edge) }

    static func claim(
        _ session: UInt64, token: String? = nil, name: String? = nil, resume: Int? = nil,
        granted: SessionGrant? = nil, address: String = "192.0.2.1:5000", selfID: SelfID? = nil
    ) -> SessionClaim {
        SessionClaim(
            sessionID: session, role: .universal, transport: .websocket, selfID: selfID, connectedAt: 1_700_000_000,
            remoteAddress: address, clientToken: token, resumeSeconds: resume, name: name, granted: granted)
    }

    static func bot(
        _ selfID: Int64, at edge: EdgeAddress = edge, epoch: UInt64 = 1, online: Bool = true, index: Int? = 0
    ) -> OnlineBot {
        OnlineBot(
            selfID: SelfID(selfID), edge: edge, epoch: epoch, isOnline: online, configuredIndex: index,
            isSupervised: false)
    }
}

/// The failure that `body` throws.
func failure(_ body: () throws -> Void, at location: SourceLocation = #_sourceLocation) -> RPC.Failure? {
    #expect(throws: RPC.Failure.self, sourceLocation: location) { try body() }
}

extension Sequence where Element == PresenceChange {
    var kinds: [PresenceChange.Kind] { map(\.kind) }
}
