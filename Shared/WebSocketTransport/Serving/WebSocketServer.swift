public import Listening
public import Logging
public import NIOCore
import NIOHTTP1
import NIOPosix

/// Listens on one address and hands over upgraded connections.
public final class WebSocketServer: Sendable {
    /// What the server does with each connection.
    struct Behaviour: Sendable {
        let options: WebSocketOptions
        let logger: Logger
        let authorise: @Sendable (UpgradeRequest) -> UpgradeDecision
        let accepted: @Sendable (WebSocketConnection, UpgradeRequest) -> Void
    }

    /// The port bound.
    public let port: Int
    private let listener: any Channel

    private init(listener: any Channel) {
        self.listener = listener
        self.port = listener.localAddress?.port ?? 0
    }

    /// Binds. `authorise` runs on the connection's event loop for each upgrade; `accepted` right after the upgrade, on
    /// the same loop, before any frame is read: it must set the delegate. A request that does not ask for an upgrade is
    /// answered 426.
    /// - Parameters:
    ///   - port: 0: the operating system picks one.
    ///   - limits: how many connections there may be; `nil`: any number.
    /// - Throws: `IOError` from binding.
    public static func bind(
        host: String, port: Int, group: any EventLoopGroup, options: WebSocketOptions, limits: AcceptLimits? = nil,
        logger: Logger, authorise: @escaping @Sendable (UpgradeRequest) -> UpgradeDecision,
        accepted: @escaping @Sendable (WebSocketConnection, UpgradeRequest) -> Void
    ) async throws -> WebSocketServer {
        let behaviour = Behaviour(options: options, logger: logger, authorise: authorise, accepted: accepted)
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { listener in
                listener.eventLoop.makeCompletedFuture {
                    guard let limits else { return }
                    try listener.pipeline.syncOperations.addHandler(AcceptGate(limits))
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try Self.prepare(channel, behaviour) }
            }
            .bind(host: host, port: port).get()
        return WebSocketServer(listener: listener)
    }

    /// Stops accepting; connections live on, and those in the middle of their upgrade may finish it.
    public func close() async {
        // `try?`: it fails only if the listener is closed already.
        try? await listener.close()
    }

    /// Lays out the pipeline of an accepted connection: HTTP until the upgrade.
    static func prepare(_ channel: any Channel, _ behaviour: Behaviour) throws {
        try SocketSettings.apply(to: channel, options: behaviour.options)
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16 << 10
        limits.maxHeaderListSize = 64 << 10
        limits.maxHeaderFieldCount = 128
        let encoder = HTTPResponseEncoder()
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits))
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers(
            encoder, decoder, UpgradeHandler(server: behaviour, encoder: encoder, decoder: decoder))
    }
}
