public import Logging
public import NIOCore
public import NIOHTTP1

/// What every WebSocket of ours is like.
public struct WebSocketOptions: Sendable {
    /// The largest message taken, fragmented or not; a larger one closes the connection with 1009.
    public var maxMessageBytes = 16 << 20
    /// From accepting (or connecting) to the end of the upgrade.
    public var upgradeTimeout: Duration = .seconds(10)
    /// How long the peer has to answer our close frame.
    public var closeTimeout: Duration = .seconds(2)
    /// Pings the peer at that interval and ends the connection after two without a pong; `nil`: no pings.
    public var pingInterval: Duration?
    /// `isWritable` turns false above the high mark and true again below the low one.
    public var writeBufferWaterMark = 64 << 10...256 << 10
    /// TCP keepalive (idle 15 s, interval 5 s, 3 probes) and `TCP_USER_TIMEOUT`.
    public var userTimeout: Duration = .seconds(30)

    public init() {}
}

/// The HTTP request that asks for an upgrade.
public struct UpgradeRequest: Sendable {
    /// Without the query; percent-decoding is not applied.
    public let path: String
    /// Percent-decoded (`+` is a space), in order.
    public let query: [(name: String, value: String)]
    public let headers: HTTPHeaders
    /// `address:port`.
    public let remoteAddress: String

    public init(path: String, query: [(name: String, value: String)], headers: HTTPHeaders, remoteAddress: String) {
        self.path = path
        self.query = query
        self.headers = headers
        self.remoteAddress = remoteAddress
    }

    /// The first value of that name.
    public func query(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

/// Whether an upgrade is allowed.
public enum UpgradeDecision: Sendable {
    case accept
    /// The HTTP answer: status, a body (JSON) and extra headers.
    case reject(status: HTTPResponseStatus, body: String, headers: HTTPHeaders = [:])
}

/// Listens on one address and hands over upgraded connections.
public final class WebSocketServer: Sendable {
    /// The port bound.
    public var port: Int { fatalError("unwritten") }

    /// Binds. `authorise` runs on the connection's event loop for each upgrade; `accepted` right after the upgrade, on the same
    /// loop, before any frame is read: it must set the delegate. A request that asks for no upgrade is answered 426.
    /// - Parameter port: 0: the operating system picks one.
    /// - Throws: `IOError` from binding.
    public static func bind(
        host: String, port: Int, group: any EventLoopGroup, options: WebSocketOptions, logger: Logger,
        authorise: @escaping @Sendable (UpgradeRequest) -> UpgradeDecision,
        accepted: @escaping @Sendable (WebSocketConnection, UpgradeRequest) -> Void
    ) async throws -> WebSocketServer { fatalError("unwritten") }

    /// Stops accepting; connections live on.
    public func close() async { fatalError("unwritten") }
}
