public import NIOCore
public import NIOHTTP1
import NIOPosix
import NIOSSL

/// Opens WebSockets to servers (`ws://`, `wss://`).
public struct WebSocketDialer: Sendable {
    private let options: WebSocketOptions
    private let trust: TLSConfiguration?

    public init(options: WebSocketOptions) {
        self.init(options: options, trust: nil)
    }

    /// - Parameter trust: which servers to trust, instead of those the system trusts; for tests.
    init(options: WebSocketOptions, trust: TLSConfiguration?) {
        self.options = options
        self.trust = trust
    }

    /// Connects, upgrades, and calls `accepted` on `eventLoop` before any frame is read; it must set the delegate.
    /// Path and query go out as written. A user in the URL becomes `Authorization: Basic` unless the header is given.
    ///
    /// It gives up after `upgradeTimeout`, and at once when its task is cancelled.
    public func connect(
        to url: String, headers: HTTPHeaders, on eventLoop: any EventLoop,
        accepted: @escaping @Sendable (WebSocketConnection) -> Void
    ) async throws(DialError) {
        let shownURL = URLRedaction.redacted(url)
        let target = try DialTarget(url)
        for (name, value) in headers where !Self.isClean(name) || !Self.isClean(value) {
            throw .badURL(
                shownURL, reason: "a header to be sent along holds a line break or another control character.")
        }
        let tls: NIOSSLContext?
        do {
            tls = try target.tls(trusting: trust)
        } catch {
            throw .cannotConnect(shownURL, reason: "TLS cannot be set up: \(error).")
        }

        let outcome = eventLoop.makePromise(of: Void.self)
        let dial = DialHandler.Dial(
            url: shownURL, target: target, headers: headers, options: options, accepted: accepted, outcome: outcome)
        do {
            try await withTaskCancellationHandler {
                start(dial, tls: tls, on: eventLoop)
                try await outcome.futureResult.get()
            } onCancel: {
                outcome.fail(DialError.cannotConnect(shownURL, reason: "the attempt was cancelled."))
            }
        } catch let error as DialError {
            throw error
        } catch {
            throw .cannotConnect(shownURL, reason: "\(error).")
        }
    }

    private func start(_ dial: DialHandler.Dial, tls: NIOSSLContext?, on eventLoop: any EventLoop) {
        let outcome = dial.outcome
        let timeout = TimeAmount(options.upgradeTimeout)
        let deadline = eventLoop.scheduleTask(in: timeout) { outcome.fail(DialError.timedOut(dial.url)) }
        outcome.futureResult.whenComplete { _ in deadline.cancel() }

        ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelInitializer { channel in
                // Whatever ends the attempt ends the socket; after a success this never runs.
                outcome.futureResult.whenFailure { _ in channel.close(promise: nil) }
                return channel.eventLoop.makeCompletedFuture { try Self.prepare(channel, dial, tls: tls) }
            }
            .connect(host: dial.target.host, port: dial.target.port)
            .whenComplete { result in
                switch result {
                case .success(let channel): channel.pipeline.fireUserInboundEventTriggered(DialHandler.Connected())
                case .failure(let error): outcome.fail(Self.dialError(error, dial))
                }
            }
    }

    /// Lays out the pipeline of a dialled connection: HTTP until the upgrade.
    private static func prepare(_ channel: any Channel, _ dial: DialHandler.Dial, tls: NIOSSLContext?) throws {
        try SocketSettings.apply(to: channel, options: dial.options)
        let encoder = HTTPRequestEncoder()
        let decoder = ByteToMessageHandler(UpgradeResponseDecoder())
        let pipeline = channel.pipeline.syncOperations
        if let tls { try dial.target.secure(pipeline, tls) }
        try pipeline.addHandlers(encoder, decoder, DialHandler(dial, encoder: encoder, decoder: decoder))
    }

    private static func dialError(_ error: any Error, _ dial: DialHandler.Dial) -> DialError {
        switch error {
        case let error as DialError: error
        case ChannelError.connectTimeout: .timedOut(dial.url)
        case let error as NIOConnectionError:
            .cannotConnect(dial.url, reason: "\(DialTarget.reason(error)).")
        default: .cannotConnect(dial.url, reason: "\(error).")
        }
    }

    private static func isClean(_ field: String) -> Bool {
        field.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
}
