public import NIOHTTP1

/// The HTTP request that asks for an upgrade.
public struct UpgradeRequest: Sendable {
    /// Without the query; percent-decoding is not applied.
    public let path: String
    /// Percent-decoded (`+` is a space), in order.
    public let query: [(name: String, value: String)]
    /// Path and query as they were written.
    public let target: String
    public let headers: HTTPHeaders
    /// `address:port`.
    public let remoteAddress: String

    /// - Parameter target: `nil`: only the path.
    public init(
        path: String, query: [(name: String, value: String)], headers: HTTPHeaders, remoteAddress: String,
        target: String? = nil
    ) {
        self.path = path
        self.query = query
        self.target = target ?? path
        self.headers = headers
        self.remoteAddress = remoteAddress
    }

    init(_ head: HTTPRequestHead, remoteAddress: String) {
        let target = RequestTarget(head.uri)
        self.init(
            path: target.path, query: target.query, headers: head.headers, remoteAddress: remoteAddress,
            target: head.uri)
    }

    /// The first value of that name.
    public func query(_ name: String) -> String? { query.first { $0.name.utf8.elementsEqual(name.utf8) }?.value }
}

/// The target of a request line, between method and version, taken apart (RFC 9112 §3.2).
struct RequestTarget {
    /// As written, without the query; `/` where it is empty.
    let path: String
    /// As `application/x-www-form-urlencoded`: percent-decoded, `+` is a space, in order.
    let query: [(name: String, value: String)]

    init(_ target: String) {
        var rest = Substring(target)
        // The absolute form, which a client may send to a proxy: only its path concerns us.
        if !rest.hasPrefix("/"), let scheme = rest.firstRange(of: "://") {
            rest = rest[scheme.upperBound...].drop { $0 != "/" && $0 != "?" }
        }
        let question = rest.firstIndex(of: "?") ?? rest.endIndex
        path = question == rest.startIndex ? "/" : String(rest[..<question])
        query = rest[question...].dropFirst().split(separator: "&").map { pair in
            let equals = pair.firstIndex(of: "=") ?? pair.endIndex
            return (
                PercentEncoding.decode(pair[..<equals], plusIsSpace: true),
                PercentEncoding.decode(pair[equals...].dropFirst(), plusIsSpace: true)
            )
        }
    }
}

/// Whether an upgrade is allowed.
public enum UpgradeDecision: Sendable {
    case accept
    /// The HTTP answer: status, a body (JSON) and extra headers.
    case reject(status: HTTPResponseStatus, body: String, headers: HTTPHeaders = [:])
}
