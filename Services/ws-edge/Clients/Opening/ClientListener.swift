import Actions
import Contracts
import Listening
import Logging
import Metrics
import NIOCore
import NIOHTTP1
import Observability
import OneBot
import SettingsReading
import Synchronization
import WebSocketTransport

/// Turns upgraded connections into client sessions, whichever port they came through.
final class ClientListener: Sendable {
    /// When to come back to an edge that is full.
    private static let retryAfterSeconds = 5

    private let configuration: DoorConfiguration
    private let accepting: AcceptLimits
    private let defaultBot: DefaultBot
    private let sessions: SessionServices
    private let hub: Hub
    private let unknownKeys = Mutex(UnknownQueryKeys())

    /// - Parameter accepting: of all listeners of the edge.
    init(
        configuration: DoorConfiguration, accepting: AcceptLimits, defaultBot: DefaultBot, sessions: SessionServices,
        hub: Hub
    ) {
        self.configuration = configuration
        self.accepting = accepting
        self.defaultBot = defaultBot
        self.sessions = sessions
        self.hub = hub
    }

    /// Whether a client may come in.
    /// - Parameter lease: what the port was leased for; `nil` on the shared port.
    func decide(_ request: UpgradeRequest, lease: EdgeAPI.OpenPort? = nil) -> UpgradeDecision {
        var query = ClientQuery(request)
        do {
            _ = try upgrade(&query, lease)
        } catch {
            return error.decision
        }
        // The client of a leased port has had its place since the port was opened.
        guard lease == nil, accepting.isFull else { return .accept }
        accepting.refuse()
        return full
    }

    private var full: UpgradeDecision {
        let response = Response.failed(
            .unavailable(.no(retryAfter: .seconds(Self.retryAfterSeconds))),
            "This edge has as many connections as it may (\(accepting.served), edge.max_connections). Come back later."
        )
        return .reject(
            status: .serviceUnavailable, body: String(buffer: response.encoded(echo: nil)),
            headers: ["Retry-After": "\(Self.retryAfterSeconds)"])
    }

    /// What the request asks for, as far as the lease and the token's scope let it.
    private func upgrade(
        _ query: inout ClientQuery, _ lease: EdgeAPI.OpenPort?
    ) throws(ClientUpgrade.Refusal) -> ClientUpgrade {
        let tokens = configuration.tokens.value
        if tokens.isEmpty {
            let visitor = DoorPolicy.Visitor(query.request)
            if let refusal = configuration.policy.refusal(of: visitor, atDoorWithout: "access_token") {
                throw ClientUpgrade.Refusal(status: .forbidden, message: refusal)
            }
        }
        var upgrade = try ClientUpgrade(
            &query, tokens: tokens, defaults: configuration.choices, chosen: configuration.tokenChoices.value)
        if let lease {
            upgrade.clientToken = lease.clientToken
            if let bot = lease.selfID { upgrade.binding = .bot(bot) }
        }
        try upgrade.confineToScope(defaultBot: defaultBot.selfID)
        return upgrade
    }

    /// Makes a session of an upgraded connection; on its event loop, before any frame is read.
    /// - Parameter lease: what the port was leased for; `nil` on the shared port.
    func accept(
        _ connection: WebSocketConnection, _ request: UpgradeRequest, lease: EdgeAPI.OpenPort? = nil,
        onEnded: @escaping () -> Void = {}
    ) {
        var query = ClientQuery(request)
        let upgrade: ClientUpgrade
        do {
            upgrade = try self.upgrade(&query, lease)
        } catch {
            // It was accepted a moment ago, and the tokens have changed since.
            connection.close(.policy(error.message))
            return onEnded()
        }
        // The client of a leased port was counted when the port was opened.
        if lease == nil { accepting.occupy() }
        let session = open(connection, upgrade) { [accepting] in
            if lease == nil { accepting.vacate() }
            onEnded()
        }
        connection.delegate = session
        tellUnknownKeys(of: query, by: session)
        session.start()
    }

    /// A misspelt filter would let everything through without a word.
    private func tellUnknownKeys(of query: ClientQuery, by session: ClientSession) {
        let unknown = query.unknown
        guard !unknown.isEmpty else { return }
        for key in unknownKeys.withLock({ $0.news(in: unknown) }) {
            session.logger.warning(
                "A client's query has a key that nobody knows, which does nothing. Each such key is told once.",
                metadata: [LogKeys.queryKey: "\(key)", LogKeys.remedy: "\(query.remedy(for: key))"])
        }
    }

    /// Makes a session of a connection, whoever opened it; on its event loop. The caller lets the session hear the
    /// connection, then starts the session.
    /// - Parameters:
    ///   - name: what it is to be called from the start.
    ///   - granted: the client it was before, where it is to be that again.
    func open(
        _ connection: any ClientConnection, _ upgrade: ClientUpgrade, transport: ClientTransport = .websocket,
        name: String? = nil, granted: SessionGrant? = nil, onEnded: @escaping () -> Void = {}
    ) -> ClientSession {
        let shard = hub.shard(on: connection.eventLoop)
        let selfID: SelfID? =
            switch upgrade.binding {
            case .bot(let bot): bot
            case .defaultBot: defaultBot.selfID
            case .everyBot, .bots: nil
            }
        let claim = SessionClaim(
            sessionID: hub.nextSessionID(on: shard), role: upgrade.role, transport: transport, selfID: selfID,
            connectedAt: UnixTime.now, remoteAddress: connection.remoteAddress, clientToken: upgrade.clientToken,
            resumeSeconds: upgrade.resumeSeconds, name: name, group: upgrade.group, groupBots: upgrade.groupBots,
            granted: granted)
        let session = ClientSession(
            connection: connection, upgrade: upgrade, claim: claim, home: shard.home, services: sessions
        ) { [hub, clients = sessions.metrics.clients(upgrade.role)] in
            hub.changeCount(by: -1)
            clients.decrement()
            onEnded()
        }
        hub.changeCount(by: 1)
        sessions.metrics.clients(upgrade.role).increment()
        return session
    }
}

/// The keys of clients' queries that nobody knows. Each is logged once: a client that comes back every second would
/// fill the log, and so would one that makes up keys.
struct UnknownQueryKeys {
    /// How many different keys are logged at most.
    static let limit = 64
    private static let longest = 64

    private var told: Set<String> = []

    /// The keys that are to be logged now, cut where they are long.
    mutating func news(in keys: [String]) -> [String] {
        keys.map { String($0.prefix(Self.longest)) }.filter { told.count < Self.limit && told.insert($0).inserted }
    }
}
