public import Bus
public import NIOCore
public import OneBot

/// What may be asked of an edge: methods, their parameters and results. ``EdgeClient`` asks them.
public enum EdgeAPI {
    public enum Method: String, Sendable, CaseIterable {
        /// ``OpenPort`` → ``PortOpened``: binds a listener for one client. 1503 where it cannot be bound.
        case openPort = "open_port"
        /// ``ClosePort`` → ``RPC/Empty``: nobody came in time.
        case closePort = "close_port"
        /// ``Disconnect`` → ``RPC/Empty``: closes a client's connection (another one took its place).
        case disconnect
        /// ``RPC/Empty`` → ``RPC/Empty``: the registry wants a full report.
        case report
        /// ``RestartBot`` → ``RPC/Empty``: restarts the supervised program of a bot.
        case restartBot = "restart_bot"
        /// ``RPC/Empty`` → ``BotTroubles``: what is wrong with bots that are connected there and cannot be used.
        case botTroubles = "bot_troubles"
        /// ``Perform`` → ``Performed``: carries out one of our own actions as the client that lives here.
        case perform
    }

    public struct OpenPort: Sendable, Codable {
        /// The client the port is for, and its secret.
        public var appID: String
        public var clientToken: String
        public var selfID: SelfID?
        /// `nil`: the operating system picks one.
        public var port: Int?
        /// How long the listener waits for its client; `nil`: until it is told to close.
        public var patienceMilliseconds: Int?

        public init(
            appID: String, clientToken: String, selfID: SelfID?, port: Int?, patienceMilliseconds: Int? = nil
        ) {
            self.appID = appID
            self.clientToken = clientToken
            self.selfID = selfID
            self.port = port
            self.patienceMilliseconds = patienceMilliseconds
        }
    }

    public struct PortOpened: Sendable, Codable {
        /// The port that was bound.
        public var port: Int
        /// How it is reached from outside (`edge.public_host`, `edge.public_ports`).
        public var host: String
        public var publicPort: Int
        public var url: String

        public init(port: Int, host: String, publicPort: Int, url: String) {
            self.port = port
            self.host = host
            self.publicPort = publicPort
            self.url = url
        }
    }

    public struct ClosePort: Sendable, Hashable, Codable {
        /// 0 where ``OpenPort`` asked for any port and its answer was lost: then only `appID` says which one it is.
        public var port: Int
        public var appID: String

        public init(port: Int, appID: String) {
            self.port = port
            self.appID = appID
        }
    }

    public struct Disconnect: Sendable, Codable {
        public var sessionID: UInt64
        public var reason: String

        public init(sessionID: UInt64, reason: String) {
            self.sessionID = sessionID
            self.reason = reason
        }
    }

    public struct RestartBot: Sendable, Codable {
        public var selfID: SelfID

        public init(selfID: SelfID) {
            self.selfID = selfID
        }
    }

    public struct BotTroubles: Sendable, Codable {
        /// Complete sentences, for people.
        public var sentences: [String]

        public init(sentences: [String]) {
            self.sentences = sentences
        }
    }

    public struct Perform: Sendable, Codable {
        public var sessionID: UInt64
        public var appID: String
        /// The action's name, and its parameters as JSON text (an object), or `nil`.
        public var action: String
        public var params: String?

        public init(sessionID: UInt64, appID: String, action: String, params: String?) {
            self.sessionID = sessionID
            self.appID = appID
            self.action = action
            self.params = params
        }
    }

    public struct Performed: Sendable, Codable {
        /// The response's JSON text, without an echo.
        public var response: String

        public init(response: String) {
            self.response = response
        }
    }
}

/// Asks one edge.
public struct EdgeClient: Sendable {
    private let requester: Requester
    private let exchanges: Exchanges

    public init(requester: Requester, exchanges: Exchanges) {
        self.requester = requester
        self.exchanges = exchanges
    }

    public func openPort(_ wish: EdgeAPI.OpenPort, at edge: EdgeAddress) async throws(RPC.Failure) -> EdgeAPI.PortOpened
    {
        try await ask(.openPort, wish, of: edge, timeout: .seconds(3))  // leaves time for another edge
    }

    public func closePort(_ port: Int, for appID: String, at edge: EdgeAddress) async throws(RPC.Failure) {
        let _: RPC.Empty = try await ask(.closePort, EdgeAPI.ClosePort(port: port, appID: appID), of: edge)
    }

    public func disconnect(_ session: UInt64, reason: String, at edge: EdgeAddress) async throws(RPC.Failure) {
        let _: RPC.Empty = try await ask(
            .disconnect, EdgeAPI.Disconnect(sessionID: session, reason: reason), of: edge)
    }

    public func report(at edge: EdgeAddress) async throws(RPC.Failure) {
        let _: RPC.Empty = try await ask(.report, RPC.Empty(), of: edge)
    }

    public func restartBot(_ bot: SelfID, at edge: EdgeAddress) async throws(RPC.Failure) {
        let _: RPC.Empty = try await ask(.restartBot, EdgeAPI.RestartBot(selfID: bot), of: edge)
    }

    public func botTroubles(at edge: EdgeAddress) async throws(RPC.Failure) -> [String] {
        let troubles: EdgeAPI.BotTroubles = try await ask(.botTroubles, RPC.Empty(), of: edge, timeout: .seconds(1))
        return troubles.sentences
    }

    public func perform(_ action: EdgeAPI.Perform, at edge: EdgeAddress) async throws(RPC.Failure) -> ByteBuffer {
        let done: EdgeAPI.Performed = try await ask(.perform, action, of: edge, timeout: .seconds(60))
        return ByteBuffer(string: done.response)
    }

    private func ask<Result: Codable & Sendable>(
        _ method: EdgeAPI.Method, _ params: some Codable & Sendable, of edge: EdgeAddress,
        timeout: Duration = .seconds(5)
    ) async throws(RPC.Failure) -> Result {
        try await RPC.ask(
            method.rawValue, params, returning: Result.self, of: "Edge \(edge.edgeID)", requester: requester,
            exchange: exchanges.rpc, key: edge.key, timeout: timeout)
    }
}
