import NIOCore
import NIOPosix
import NIOSSL

/// Opens sockets to brokers, with TLS where the address says so.
struct AMQPTransport: Sendable {
    private let configuration: AMQPConfiguration
    private let tls: NIOSSLContext?

    /// Reads the files of `amqp.tls_*`, anew for each attempt to connect: certificates are renewed while we run. Not on
    /// the event loop, since reading blocks.
    static func make(_ configuration: AMQPConfiguration, on eventLoop: any EventLoop) -> EventLoopFuture<AMQPTransport>
    {
        guard configuration.addresses.contains(where: \.usesTLS) else {
            return eventLoop.makeCompletedFuture { try AMQPTransport(configuration) }
        }
        return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { try AMQPTransport(configuration) }
    }

    init(_ configuration: AMQPConfiguration) throws {
        self.configuration = configuration
        guard configuration.addresses.contains(where: \.usesTLS) else {
            tls = nil
            return
        }
        var settings = TLSConfiguration.makeClientConfiguration()
        if let file = configuration.tlsAuthorities { settings.trustRoots = .file(file) }
        if let certificate = configuration.tlsCertificate, let key = configuration.tlsKey {
            settings.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
            settings.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        }
        tls = try NIOSSLContext(configuration: settings)
    }

    /// An open connection: the handshake is done. At most `amqp.connect_timeout` in all.
    func open(_ address: AMQPAddress, on eventLoop: any EventLoop) -> EventLoopFuture<AMQPConnection> {
        let connection: AMQPConnection
        do {
            connection = try AMQPConnection(
                configuration: configuration, address: address, eventLoop: eventLoop)
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
        ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .connect(host: address.host, port: address.port)
            .whenComplete { result in
                switch result {
                case .success(let channel): self.carry(connection, to: address, over: channel)
                case .failure(let error):
                    connection.fail(.cannotConnect(address: "\(address)", reason: Self.inWords(error)))
                }
            }
        return connection.opened.map { connection }
    }

    /// Called only once the socket is connected: a name with several addresses makes several sockets, of which one is
    /// used.
    private func carry(_ connection: AMQPConnection, to address: AMQPAddress, over channel: any Channel) {
        guard !connection.hasEnded else { return channel.close(promise: nil) }
        do {
            if let tls, address.usesTLS {
                try channel.pipeline.syncOperations.addHandler(Self.handler(tls, address.host))
            }
            try channel.pipeline.syncOperations.addHandler(connection)
        } catch {
            connection.fail(.cannotConnect(address: "\(address)", reason: "\(error)"))
            channel.close(promise: nil)
        }
    }

    /// The certificate and the name in it are always verified. SNI cannot carry a numeric address.
    private static func handler(_ tls: NIOSSLContext, _ host: String) throws -> NIOSSLClientHandler {
        do {
            return try NIOSSLClientHandler(context: tls, serverHostname: host)
        } catch is NIOSSLExtraError {
            return try NIOSSLClientHandler(context: tls, serverHostname: nil)
        }
    }

    private static func inWords(_ error: any Error) -> String {
        guard let error = error as? NIOConnectionError else { return "\(error)" }
        if let first = error.connectionErrors.first { return "\(first.error)" }
        if let lookup = error.dnsAError ?? error.dnsAAAAError { return "its name is not known (\(lookup))" }
        return "\(error)"
    }
}
