/// A `ws://` or `wss://` URL (RFC 6455 §3), or an `http://` or `https://` one (RFC 9110 §4.2), taken apart. Path and
/// query stay as they are written.
public struct DialTarget: Equatable, Sendable {
    public enum Scheme: String, Sendable {
        case webSocket = "ws"
        case http
    }

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

    /// - Parameter scheme: the only one that is taken, plain or over TLS.
    /// - Throws: ``DialError/badURL(_:reason:)``.
    public init(_ url: String, _ scheme: Scheme = .webSocket) throws(DialError) {
        func bad(_ reason: String) -> DialError { .badURL(URLRedaction.redacted(url), reason: reason) }
        let (plain, secure) = (scheme.rawValue, scheme.rawValue + "s")

        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw bad("it holds a space or a control character; write it percent-encoded.")
        }
        let colon = url.firstRange(of: "://")
        switch colon.map({ url[..<$0.lowerBound].lowercased() }) {
        case plain: isSecure = false
        case secure: isSecure = true
        default: throw bad("it must begin with \(plain):// or \(secure)://.")
        }
        let rest = url[(colon?.upperBound ?? url.startIndex)...]
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

    /// The value of `Authorization` for the URL's user and password (RFC 7617).
    var authorization: String? { credentials.map { "Basic \(Base64.encode($0))" } }

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

/// RFC 4648 §4, for `Authorization: Basic`. Foundation would add 8 MB to save these lines.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0..<4 {
                text.append(place <= group.count ? alphabet[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
