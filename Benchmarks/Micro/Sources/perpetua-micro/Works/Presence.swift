import Contracts
import OneBot

@testable import Registry

/// A client that comes, and goes, among a thousand others.
enum Presence {
    static let all = [
        Benchmark(
            name: "presence-replica", title: "take a client's coming and going into a replica of 1,000 clients",
            count: 2000
        ) {
            var replica = PresenceReplica()
            let snapshot = PresenceSnapshot(
                registryEpoch: 1, sequence: 0, edges: [edge], clients: (1...1000).map { client($0) }, bots: [])
            _ = replica.replace(with: snapshot)
            let visitor = client(0)
            var sequence: UInt64 = 0
            return .calls { count in
                for _ in 0..<count {
                    for kind in [PresenceChange.Kind.clientOnline, .clientOffline] {
                        sequence += 1
                        let change = PresenceChange(
                            kind: kind, registryEpoch: 1, sequence: sequence, edge: edge, clients: [visitor])
                        let effect = replica.apply(change)
                        try check(effect.cameOnline.count + effect.wentOffline.count == 1, "Nothing changed.")
                    }
                }
                try check(replica.clients.count == 1000 && replica.isComplete, "The replica is not what it was.")
            }
        },
        Benchmark(
            name: "presence-registry", title: "register a client, and take its leaving, with 1,000 others online",
            count: 1000
        ) {
            var registry = Registrations()
            for session in UInt64(1)...1000 { try registry.register(session) }
            return .calls { count in
                for _ in 0..<count {
                    let session = registry.last + 1
                    try registry.register(session)
                    try registry.leave(session)
                }
                try check(registry.online == 1000, "The registry is not what it was.")
            }
        },
    ]

    fileprivate static let edge = EdgeAddress(edgeID: "e1", instance: "a")

    private static func client(_ number: Int) -> OnlineClient {
        OnlineClient(
            appID: "app-\(number)", clientName: "client \(number)", role: .universal, transport: .websocket, edge: edge,
            sessionID: UInt64(number), selfID: Frames.bot, connectedAt: 1_700_000_000,
            remoteAddress: "192.0.2.1:\(5000 + number)")
    }
}

/// A registry's state, and one edge that speaks to it.
private struct Registrations {
    private var state: RegistryState
    private let now = Moment(uptime: .seconds(1_000), utcMilliseconds: 1_700_000_000_000)
    private var reports: UInt64 = 0
    private(set) var last: UInt64 = 0

    init() {
        state = RegistryState(
            configuration: RegistryConfiguration(
                database: ":memory:", lease: .seconds(15), portExpiry: .seconds(15), portRange: nil, portMode: .leased,
                exchanges: Exchanges()),
            registryEpoch: 1)
    }

    private typealias Moment = Registry.Moment

    var online: Int { state.presence.count(at: Presence.edge) }

    mutating func register(_ session: UInt64) throws {
        last = session
        guard let token = ClientToken("token-\(session)"), let heard = state.hear(from: Presence.edge, at: now) else {
            throw BenchmarkFailure("The edge is not believed.")
        }
        keep(heard)
        let fresh = KnownClient(appID: "app-\(session)", token: token, state: .leased)
        let claim = SessionClaim(
            sessionID: session, role: .universal, transport: .websocket, selfID: Frames.bot,
            connectedAt: 1_700_000_000, remoteAddress: "192.0.2.1:5000")
        guard case .admitted(let admission) = state.decide(claim, at: Presence.edge, fresh: fresh, now: now) else {
            throw BenchmarkFailure("The client is not admitted.")
        }
        let effects = state.admit(admission, at: now)
        try check(effects.changes.count == 1, "Nobody is told of the client.")
    }

    mutating func leave(_ session: UInt64) throws {
        reports += 1
        let report = EdgeReport(
            kind: .change, edge: Presence.edge, sequence: reports, isReady: true, left: [session],
            sessionCount: online - 1)
        let effects = state.take(
            report, fresh: { _ in preconditionFailure("A leaving client is nobody new.") }, at: now)
        try check(effects?.changes.count == 1, "Nobody is told that the client left.")
    }
}
