/// A `ws://` or `wss://` URL taken apart (RFC 6455 §3). Path and query stay as they are written.
struct DialTarget: Equatable {
    let isSecure: Bool
    /// Without brackets.
    let host: String
    let port: Int
    /// The request line's target: path and query, no fragment.
    let requestTarget: String
    /// The value of the `Host` header: with the port only where it is not the scheme's default.
    let hostHeader: String
    /// `user:password`, percent-decoded.
    let credentials: [UInt8]?

    /// - Throws: ``DialError/badURL(_:reason:)``.
    init(_ url: String) throws(DialError) {
        func bad(_ reason: String) -> DialError { .badURL(URLRedaction.redacted(url), reason: reason) }

        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw bad("it holds a space or a control character; write it percent-encoded.")
        }
        guard let scheme = url.firstRange(of: "://") else { throw bad("it must begin with ws:// or wss://.") }
        switch url[..<scheme.lowerBound].lowercased() {
        case "ws": isSecure = false
        case "wss": isSecure = true
        default: throw bad("it must begin with ws:// or wss://.")
        }
        let rest = url[scheme.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex

        var authority = rest[..<end]
        if let at = authority.lastIndex(of: "@") {
            credentials = PercentEncoding.bytes(authority[..<at], plusIsSpace: false)
            authority = authority[authority.index(after: at)...]
        } else {
            credentials = nil
        }
        guard let (host, portText) = Self.split(authority) else { throw bad("it names no host.") }
        self.host = host
        let ownPort = isSecure ? 443 : 80
        guard let port = portText.isEmpty ? ownPort : Int(portText), (1...65535).contains(port) else {
            throw bad("its port must be a number from 1 to 65535.")
        }
        self.port = port
        let bracketed = host.contains(":") ? "[\(host)]" : host
        hostHeader = port == ownPort ? bracketed : "\(bracketed):\(port)"

        let target = rest[end...].prefix { $0 != "#" }
        requestTarget = target.hasPrefix("/") ? String(target) : "/\(target)"
    }

    /// `host:port`, `[::1]:port`; the port may be missing.
    private static func split(_ authority: Substring) -> (host: String, port: Substring)? {
        let host: Substring
        let rest: Substring
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<bracket]
            rest = authority[authority.index(after: bracket)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
        } else {
            let colon = authority.firstIndex(of: ":") ?? authority.endIndex
            host = authority[..<colon]
            rest = authority[colon...]
        }
        return host.isEmpty ? nil : (String(host), rest.dropFirst())
    }
}
