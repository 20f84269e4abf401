import Listening
import Logging
import NIOCore
import Synchronization
import WebSocketTransport

/// The shared port: any number of clients, and bots that dial in.
final class SharedPort: Sendable {
    private let host: String
    private let port: Int
    private let options: WebSocketOptions
    private let limits: AcceptLimits
    private let group: any EventLoopGroup
    private let logger: Logger
    private let authorise: @Sendable (UpgradeRequest) -> UpgradeDecision
    private let accepted: @Sendable (WebSocketConnection, UpgradeRequest) -> Void
    private let server = Mutex<WebSocketServer?>(nil)

    /// - Parameters:
    ///   - port: `edge.shared_port`; 0: the system picks one.
    ///   - limits: of all listeners of the edge.
    init(
        host: String, port: Int, options: WebSocketOptions, limits: AcceptLimits, group: any EventLoopGroup,
        logger: Logger, authorise: @escaping @Sendable (UpgradeRequest) -> UpgradeDecision,
        accepted: @escaping @Sendable (WebSocketConnection, UpgradeRequest) -> Void
    ) {
        self.host = host
        self.port = port
        self.options = options
        self.limits = limits
        self.group = group
        self.logger = logger
        self.authorise = authorise
        self.accepted = accepted
    }

    /// Its number: once it is open the one that it is bound to, before that the one that is set.
    var number: Int { server.withLock { $0?.port } ?? port }

    func open() async throws(ListenFailure) {
        do {
            let server = try await WebSocketServer.bind(
                host: host, port: port, group: group, options: options, limits: limits, logger: logger,
                authorise: authorise, accepted: accepted)
            self.server.withLock { $0 = server }
        } catch {
            throw ListenFailure(
                error, host: host, port: port, hostSetting: "edge.host", portSetting: "edge.shared_port")
        }
    }

    func close() async { await server.withLock { $0 }?.close() }
}
