import Listening
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Observability
import ServiceLifecycle
import Synchronization

/// Answers `/health/live`, `/health/ready` and `/metrics` in a process that has no API of its own: one answer per
/// connection, few connections at a time, each for a few seconds at most.
final class HealthServer: Service {
    /// Further connections are closed without an answer.
    static let maxConnections = 64
    /// A connection without a request by then is closed.
    static let patience = TimeAmount.seconds(10)

    private let configuration: HealthConfiguration
    private let checks: [HealthCheck]
    private let metrics: MetricsPage
    private let group: any EventLoopGroup
    private let logger: Logger
    private let patience: TimeAmount
    private let onListening: @Sendable (Int) -> Void
    private let connections = Atomic<Int>(0)

    /// - Parameter onListening: is called with the port once it is bound (`health.port` may be 0).
    init(
        configuration: HealthConfiguration, checks: [HealthCheck], metrics: MetricsPage, group: any EventLoopGroup,
        logger: Logger, patience: TimeAmount = HealthServer.patience,
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.checks = checks
        self.metrics = metrics
        self.group = group
        self.logger = logger
        self.patience = patience
        self.onListening = onListening
    }

    /// Answers until graceful shutdown or cancellation.
    /// - Throws: ``HealthServerError`` where it cannot listen.
    func run() async throws {
        let channel = try await listen()
        let port = channel.localAddress?.port ?? configuration.port
        logger.info(
            "Health checks and metrics are answered.",
            metadata: [LogKeys.address: "\(configuration.host)", LogKeys.port: "\(port)"])
        onListening(port)
        // `try?`: it throws when it is cancelled, and ends the server either way.
        try? await gracefulShutdown()
        // `try?`: the system may have closed it already.
        try? await channel.close()
    }

    private func listen() async throws -> any Channel {
        do {
            return try await ServerBootstrap(group: group)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelInitializer { listener in
                    listener.eventLoop.makeCompletedFuture {
                        try listener.pipeline.syncOperations.addHandler(
                            AcceptGate(AcceptLimits(logger: self.logger)))
                    }
                }
                .childChannelInitializer { self.accept($0) }
                .bind(host: configuration.host, port: configuration.port).get()
        } catch {
            throw HealthServerError.cannotListen(
                ListenFailure(
                    error, host: configuration.host, port: configuration.port, hostSetting: "health.host",
                    portSetting: "health.port"))
        }
    }

    private func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        let isWelcome = connections.wrappingAdd(1, ordering: .relaxed).newValue <= Self.maxConnections
        let deadline = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in
            deadline.cancel()
            self.connections.wrappingSubtract(1, ordering: .relaxed)
        }
        guard isWelcome else { return channel.close() }
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
            try channel.pipeline.syncOperations.addHandler(Responder(checks: checks, metrics: metrics))
        }
    }

    /// Answers the first request of a connection and closes it.
    private final class Responder: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let checks: [HealthCheck]
        private let metrics: MetricsPage
        private var hasAnswered = false

        init(checks: [HealthCheck], metrics: MetricsPage) {
            self.checks = checks
            self.metrics = metrics
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .head(let head) = unwrapInboundIn(data), !hasAnswered else { return }
            hasAnswered = true
            let answer = HealthAnswer(
                method: head.method.rawValue, uri: head.uri, checks: checks, metrics: metrics)
            let headers: HTTPHeaders = [
                "content-type": answer.contentType, "content-length": "\(answer.body.utf8.count)",
                "connection": "close",
            ]
            let response = HTTPResponseHead(
                version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status), headers: headers)
            context.write(wrapOutboundOut(.head(response)), promise: nil)
            if head.method != .HEAD {
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
            }
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

/// Why health checks cannot be answered.
enum HealthServerError: Error, CustomStringConvertible {
    case cannotListen(ListenFailure)

    var description: String {
        switch self {
        case .cannotListen(let failure):
            "There are no health checks: \(failure) Processes on one machine need one each."
        }
    }
}
