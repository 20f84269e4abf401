public import NIOHTTP1

/// Whether an upgrade is allowed.
public enum UpgradeDecision: Sendable {
    case accept
    /// The HTTP answer: status, a body (JSON) and extra headers.
    case reject(status: HTTPResponseStatus, body: String, headers: HTTPHeaders = [:])
}
