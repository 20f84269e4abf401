import Foundation

/// Where a broker is: `amqp://user:password@host:5672/vhost`, or `amqps://` (RabbitMQ URI specification).
public struct AMQPAddress: Sendable, Hashable {
    public var host: String
    /// Default 5672, with TLS 5671.
    public var port: Int
    public var usesTLS: Bool
    /// Percent-decoded; without one, or with an empty one, `/`.
    public var virtualHost: String
    public var username: String?
    public var password: String?

    /// `nil` where the text is not such a URL.
    public init?(_ text: String) {
        guard let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(),
            scheme == "amqp" || scheme == "amqps", let host = url.host, !host.isEmpty, url.query == nil,
            (1...65535).contains(url.port ?? 1)
        else { return nil }
        usesTLS = scheme == "amqps"
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        port = url.port ?? (usesTLS ? 5671 : 5672)
        let path = url.percentEncodedPath.dropFirst()
        guard !path.contains("/"), let decoded = path.removingPercentEncoding else { return nil }
        virtualHost = decoded.isEmpty ? "/" : decoded
        username = url.user
        password = url.password
    }
}

extension AMQPAddress: CustomStringConvertible {
    /// Without anything secret.
    public var description: String {
        "\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}
