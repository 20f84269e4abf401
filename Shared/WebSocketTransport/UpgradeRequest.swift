public import NIOHTTP1

/// The HTTP request that asks for an upgrade.
public struct UpgradeRequest: Sendable {
    /// Without the query; percent-decoding is not applied.
    public let path: String
    /// Percent-decoded (`+` is a space), in order.
    public let query: [(name: String, value: String)]
    public let headers: HTTPHeaders
    /// `address:port`.
    public let remoteAddress: String

    public init(path: String, query: [(name: String, value: String)], headers: HTTPHeaders, remoteAddress: String) {
        self.path = path
        self.query = query
        self.headers = headers
        self.remoteAddress = remoteAddress
    }

    init(_ head: HTTPRequestHead, remoteAddress: String) {
        let target = RequestTarget(head.uri)
        self.init(path: target.path, query: target.query, headers: head.headers, remoteAddress: remoteAddress)
    }

    /// The first value of that name.
    public func query(_ name: String) -> String? { query.first { $0.name.utf8.elementsEqual(name.utf8) }?.value }
}
