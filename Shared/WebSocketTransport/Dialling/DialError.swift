/// Why a WebSocket could not be opened. Secrets in the URL are shown as `***`.
public enum DialError: Error, Sendable, CustomStringConvertible {
    case badURL(String, reason: String)
    case cannotConnect(String, reason: String)
    /// The server's answer was not 101. Holds at most the first KiB of the body.
    case refused(String, status: Int, body: String)
    case timedOut(String)

    public var description: String {
        switch self {
        case .badURL(let url, let reason):
            "Cannot dial \(URLRedaction.redacted(url)): \(reason)"
        case .cannotConnect(let url, let reason):
            "Cannot connect to \(URLRedaction.redacted(url)): \(reason)"
        case .refused(let url, let status, let body):
            "\(URLRedaction.redacted(url)) refused the WebSocket with HTTP status \(status)."
                + (body.isEmpty ? "" : " It says: \(body)")
        case .timedOut(let url):
            "\(URLRedaction.redacted(url)) did not open the WebSocket in time."
        }
    }
}
