public import SettingsReading

/// Every setting of the connection to the broker.
public struct AMQPConfiguration: Sendable {
    /// `amqp.url`: the broker's address, or several of one cluster, tried in turn. Default `amqp://127.0.0.1:5672/`.
    public var addresses: [AMQPAddress]
    /// `amqp.username`: outweighs the URL's. Default `guest`.
    public var username: String?
    /// `amqp.password`: outweighs the URL's. Default `guest`.
    public var password: String?
    /// `amqp.login`: `plain` (name and password) or `external` (the TLS certificate). Default `plain`.
    public var login: Login
    /// `amqp.tls_ca_file`: certificates (PEM) that may sign the broker's. Default: the system's.
    public var tlsAuthorities: String?
    /// `amqp.tls_certificate_file`: our certificate (PEM), for brokers that ask for one. Default: none.
    public var tlsCertificate: String?
    /// `amqp.tls_key_file`: its key (PEM). Default: none.
    public var tlsKey: String?
    /// `amqp.prefix`: the beginning of the names of probe queues, as of all other names. Default `perpetua`.
    public var prefix: String
    /// `amqp.heartbeat`: the time between two heartbeats; a broker that is silent for two of them is lost. Default 5 s.
    public var heartbeat: Duration
    /// `amqp.connect_timeout`: from the first packet to an open connection. Default 5 s.
    public var connectTimeout: Duration
    /// `amqp.max_message_size`: the largest message that is sent. Default: what `max_message_size` says, else 16 MiB,
    /// which is also what RabbitMQ 4 takes by default.
    public var maxMessageBytes: Int

    /// The range of `amqp.max_message_size`.
    public static let messageSizes = 64 << 10...512 << 20

    public enum Login: String, Sendable, CaseIterable { case plain, external }

    /// For these addresses, with the defaults for the rest.
    public init(_ addresses: [AMQPAddress]) {
        self.addresses = addresses
        login = .plain
        prefix = "perpetua"
        heartbeat = .seconds(5)
        connectTimeout = .seconds(5)
        maxMessageBytes = 16 << 20
    }

    public init(_ settings: Settings) {
        self.init([])
        let texts = settings.strings("amqp.url", default: ["amqp://127.0.0.1:5672/"])
        for text in texts {
            if let address = AMQPAddress(text) {
                addresses.append(address)
            } else {
                settings.report(
                    "amqp.url", value: text,
                    remedy: "Write the broker's address as amqp://host:5672/vhost, or amqps://.")
            }
        }
        username = settings.optionalString("amqp.username")
        password = settings.secret("amqp.password")
        login = settings.choice("amqp.login", default: .plain)
        tlsAuthorities = settings.optionalString("amqp.tls_ca_file")
        tlsCertificate = settings.optionalString("amqp.tls_certificate_file")
        tlsKey = settings.optionalString("amqp.tls_key_file")
        prefix = settings.string("amqp.prefix", default: "perpetua")
        heartbeat = settings.duration("amqp.heartbeat", default: .seconds(5), in: .seconds(1)...(.seconds(60)))
        connectTimeout = settings.duration(
            "amqp.connect_timeout", default: .seconds(5), in: .milliseconds(100)...(.seconds(60)))
        maxMessageBytes = settings.bytes("amqp.max_message_size", following: 16 << 20, in: Self.messageSizes)
        if (tlsCertificate == nil) != (tlsKey == nil) {
            settings.report(
                tlsKey == nil ? "amqp.tls_key_file" : "amqp.tls_certificate_file", value: "",
                remedy: "Set both amqp.tls_certificate_file and amqp.tls_key_file, or neither.")
        }
        if login == .external, tlsCertificate == nil {
            settings.report(
                "amqp.login", value: "external",
                remedy: "Set amqp.tls_certificate_file and amqp.tls_key_file, or use plain.")
        }
    }

    /// How we authenticate at that address.
    func login(at address: AMQPAddress) -> AMQPLogin {
        switch login {
        case .external: .external
        case .plain:
            .plain(
                username: username ?? address.username ?? "guest", password: password ?? address.password ?? "guest")
        }
    }
}
