/// `api.failed_status`: which HTTP status an action has that failed for a reason a load balancer, or whoever retries, is to see.
public enum FailedStatus: String, Sendable, CaseIterable {
    /// Its retcode's: 429, 502, 503 or 504.
    case byRetcode = "by_retcode"
    /// 200, as any other failure: for clients that read the body of nothing else.
    case ok = "200"

    private static let replaced: Set<Int> = [429, 502, 503, 504]

    /// - Parameter status: by the retcode. What is wrong with the request itself keeps its status.
    func status(insteadOf status: Int) -> Int {
        switch self {
        case .byRetcode: status
        case .ok: Self.replaced.contains(status) ? 200 : status
        }
    }
}
