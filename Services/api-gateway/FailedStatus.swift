/// `api.failed_status`: the HTTP status of an action that failed for a reason which a load balancer or a retrying
/// caller should see.
public enum FailedStatus: String, Sendable, CaseIterable {
    /// Its retcode's: 429, 502, 503 or 504.
    case byRetcode = "by_retcode"
    /// 200, as for any other failure: for clients that read the body of a 200 only.
    case ok = "200"

    private static let replaced: Set<Int> = [429, 502, 503, 504]

    /// - Parameter status: the retcode's. A mistake in the request itself keeps its status.
    func status(insteadOf status: Int) -> Int {
        switch self {
        case .byRetcode: status
        case .ok: Self.replaced.contains(status) ? 200 : status
        }
    }
}
