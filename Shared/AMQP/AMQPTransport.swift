import NIOCore
import NIOPosix
import NIOSSL

/// Opens sockets to brokers, with TLS where the address says so. Files are read once, when the bus starts.
struct AMQPTransport {
    private let configuration: AMQPConfiguration
    private let tls: NIOSSLContext?

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
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls, address.usesTLS {
                        try channel.pipeline.syncOperations.addHandler(Self.handler(tls, address.host))
                    }
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .connect(host: address.host, port: address.port)
            .whenFailure { error in
                connection.fail(.cannotConnect(address: "\(address)", reason: Self.inWords(error)))
            }
        return connection.opened.map { connection }
    }

    /// The certificate is always verified, and so is the name in it; an address that is a number cannot be asked for by SNI.
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
