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
