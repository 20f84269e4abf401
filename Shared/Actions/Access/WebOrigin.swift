/// Where a web page comes from, as a browser says it in `Origin` (RFC 6454), or as `allowed_origins` has it.
enum WebOrigin: Sendable, Hashable {
    /// A page of a web server. Programs that are not browsers send this as well, some without a scheme.
    case server(scheme: String?, WebHost)
    /// `null`, `file:`, an extension, an application's own scheme, or anything else: it equals only itself.
    case opaque(String)

    /// Lenient about a path at its end, which some programs send and no browser does.
    init(_ text: String) {
        let text = text.lowercased()
        let mark = text.firstRange(of: "://")
        let scheme = mark.map { String(text[..<$0.lowerBound]) }
        let authority = text[(mark?.upperBound ?? text.startIndex)...].prefix { !"/?#".contains($0) }
        if text != "null", scheme.map({ Self.defaultPorts[$0] != nil }) ?? true, let host = WebHost(authority) {
            self = .server(scheme: scheme, host)
        } else if text.hasPrefix("file:") {
            self = .opaque("file:")
        } else {
            self = .opaque(text.last == "/" ? String(text.dropLast()) : text)
        }
    }

    var isLoopback: Bool {
        switch self {
        case .server(_, let host): host.isLoopback
        case .opaque: false
        }
    }

    /// Whether that host and port are its own; where either has no port, that of the origin's scheme is meant.
    func isServed(by other: WebHost) -> Bool {
        switch self {
        case .server(let scheme, let host):
            let standard = Self.defaultPort(scheme)
            return host.name == other.name && (host.port ?? standard) == (other.port ?? standard)
        case .opaque: return false
        }
    }

    /// Whether both are the same, `https://a` and `https://a:443` among them.
    func isSame(as other: WebOrigin) -> Bool {
        switch (self, other) {
        case (.server(let scheme, _), .server(let otherScheme, let host)):
            scheme == otherScheme && isServed(by: host)
        case (.opaque(let text), .opaque(let other)): text == other
        case (.server, .opaque), (.opaque, .server): false
        }
    }

    private static func defaultPort(_ scheme: String?) -> Int { scheme.flatMap { defaultPorts[$0] } ?? 80 }

    private static let defaultPorts = ["http": 80, "ws": 80, "https": 443, "wss": 443]
}
