public import Bus
public import NIOCore
public import OneBot

/// What may be asked of the registry: methods, their parameters and results. ``RegistryClient`` asks them.
public enum RegistryAPI {
    public enum Method: String, Sendable, CaseIterable {
        /// ``Register`` → ``SessionGrant``. 1401 for a token nobody was given; 1409 for one whose client is online
        /// elsewhere by a leased port.
        case register
        /// ``SetName`` → ``RPC/Empty``. 1400, 1404 (no such client online) or 1409.
        case setClientName = "set_client_name"
        /// ``RPC/Empty`` → ``PresenceSnapshot``. 1503 while a registry that has just started still collects reports.
        case snapshot
        /// ``RPC/Empty`` → ``PresencePosition``: how far its changes have come. The answer goes out behind every change
        /// up to there.
        case position
        /// ``LeasePort`` → ``PortGrant``. 1404 (no such edge or bot), 1503 (no free port, no edge).
        case leasePort = "lease_port"
        /// ``Identify`` → ``OnlineClient``. 1401 where nobody fits.
        case identify
        /// ``RegisterClient`` → ``ClientLease``. 1400 or 1409 for the name, 1503 where there are too many.
        case registerClient = "register_client"
        /// ``RenewClient`` → ``ClientLease``. 1401 for a token nobody has (any more), 1400 for a client with a
        /// connection.
        case renewClient = "renew_client"
    }

    /// The question ``Method/position``, always in these bytes: every broadcast asks it, and the registry recognises it
    /// by them.
    public static let positionQuestion = ByteBuffer(string: #"{"method":"position","params":{}}"#)

    public struct Register: Sendable, Codable {
        public var edge: EdgeAddress
        public var session: SessionClaim

        public init(edge: EdgeAddress, session: SessionClaim) {
            self.edge = edge
            self.session = session
        }
    }

    public struct SetName: Sendable, Codable {
        public var appID: String
        public var name: String

        public init(appID: String, name: String) {
            self.appID = appID
            self.name = name
        }
    }

    public struct LeasePort: Sendable, Codable {
        /// The bot the client is to be bound to; `nil`: the first configured.
        public var selfID: SelfID?
        /// The `edge_id` it must be on; `nil`: the ready one with the fewest clients.
        public var edgeID: String?

        public init(selfID: SelfID? = nil, edgeID: String? = nil) {
            self.selfID = selfID
            self.edgeID = edgeID
        }
    }

    public struct PortGrant: Sendable, Codable, Hashable {
        public var port: Int
        public var host: String
        public var url: String
        public var appID: String
        public var clientToken: String
        public var expiresIn: Int

        public init(port: Int, host: String, url: String, appID: String, clientToken: String, expiresIn: Int) {
            self.port = port
            self.host = host
            self.url = url
            self.appID = appID
            self.clientToken = clientToken
            self.expiresIn = expiresIn
        }

        enum CodingKeys: String, CodingKey {
            case port, host, url
            case appID = "app_id"
            case clientToken = "client_token"
            case expiresIn = "expires_in"
        }
    }

    /// A program on the broker wants to be a client that lives there.
    public struct RegisterClient: Sendable, Codable {
        public var name: String?

        public init(name: String? = nil) {
            self.name = name
        }
    }

    public struct RenewClient: Sendable, Codable {
        public var clientToken: String

        public init(clientToken: String) {
            self.clientToken = clientToken
        }
    }

    /// Who the client is, and within how many seconds it has to renew.
    public struct ClientLease: Sendable, Codable, Hashable {
        public var grant: SessionGrant
        public var leaseSeconds: Int

        public init(grant: SessionGrant, leaseSeconds: Int) {
            self.grant = grant
            self.leaseSeconds = leaseSeconds
        }
    }

    /// Asks who is calling: found by the secret, else by `app_id`, else as the only client whose connection comes from
    /// that address.
    public struct Identify: Sendable, Codable {
        public var clientToken: String?
        public var appID: String?
        /// Without a port.
        public var address: String?

        public init(clientToken: String? = nil, appID: String? = nil, address: String? = nil) {
            self.clientToken = clientToken
            self.appID = appID
            self.address = address
        }
    }
}

/// Asks the registry.
public struct RegistryClient: Sendable {
    private static let name = "The registry"
    private let requester: Requester
    private let exchanges: Exchanges

    public init(requester: Requester, exchanges: Exchanges) {
        self.requester = requester
        self.exchanges = exchanges
    }

    public func register(_ session: SessionClaim, at edge: EdgeAddress) async throws(RPC.Failure) -> SessionGrant {
        try await ask(.register, RegistryAPI.Register(edge: edge, session: session), timeout: .seconds(2))
    }

    public func setName(_ name: String, of appID: String) async throws(RPC.Failure) {
        let _: RPC.Empty = try await ask(.setClientName, RegistryAPI.SetName(appID: appID, name: name))
    }

    public func snapshot() async throws(RPC.Failure) -> PresenceSnapshot {
        try await read(.snapshot, RPC.Empty())
    }

    public func position() async throws(RPC.Failure) -> PresencePosition {
        do throws(RPC.Failure) {
            return try await RPC.ask(
                RegistryAPI.Method.position.rawValue, { RegistryAPI.positionQuestion },
                reading: { try PresencePosition(answer: $0) }, of: Self.name, requester: requester,
                exchange: exchanges.rpc, key: Exchanges.registryKey, timeout: .seconds(2))
        } catch {
            throw error.ofReading
        }
    }

    public func leasePort(_ wish: RegistryAPI.LeasePort) async throws(RPC.Failure) -> RegistryAPI.PortGrant {
        try await ask(.leasePort, wish, timeout: .seconds(10))
    }

    public func identify(_ caller: RegistryAPI.Identify) async throws(RPC.Failure) -> OnlineClient {
        try await read(.identify, caller)
    }

    public func registerClient(named name: String?) async throws(RPC.Failure) -> RegistryAPI.ClientLease {
        try await ask(.registerClient, RegistryAPI.RegisterClient(name: name))
    }

    public func renewClient(_ clientToken: String) async throws(RPC.Failure) -> RegistryAPI.ClientLease {
        try await ask(.renewClient, RegistryAPI.RenewClient(clientToken: clientToken))
    }

    /// For questions that change nothing.
    private func read<Result: Codable & Sendable>(
        _ method: RegistryAPI.Method, _ params: some Codable & Sendable
    ) async throws(RPC.Failure) -> Result {
        do throws(RPC.Failure) {
            return try await ask(method, params)
        } catch {
            throw error.ofReading
        }
    }

    private func ask<Result: Codable & Sendable>(
        _ method: RegistryAPI.Method, _ params: some Codable & Sendable, timeout: Duration = .seconds(5)
    ) async throws(RPC.Failure) -> Result {
        try await RPC.ask(
            method.rawValue, params, returning: Result.self, of: Self.name, requester: requester,
            exchange: exchanges.rpc, key: Exchanges.registryKey, timeout: timeout)
    }
}
