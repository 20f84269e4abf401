/// Why a WebSocket could not be opened. Secrets in the URL are shown as `***`.
public enum DialError: Error, Sendable, CustomStringConvertible {
    case badURL(String, reason: String)
    case cannotConnect(String, reason: String)
    /// The server answered with something else than 101. At most the first KiB of the body.
    case refused(String, status: Int, body: String)
    case timedOut(String)

    public var description: String {
        switch self {
        case .badURL(let url, let reason):
            "Cannot dial \(URLRedaction.redacted(url)): \(reason)"
        case .cannotConnect(let url, let reason):
            "Cannot connect to \(URLRedaction.redacted(url)): \(reason)"
        case .refused(let url, let status, let body):
            "\(URLRedaction.redacted(url)) refused the WebSocket with HTTP status \(status)\(Self.cause(of: status))"
                + (body.isEmpty ? "" : " It says: \(body)")
        case .timedOut(let url):
            "\(URLRedaction.redacted(url)) did not open the WebSocket in time."
        }
    }

    /// The likely cause, for who reads the log.
    private static func cause(of status: Int) -> String {
        switch status {
        case 401: ": it wants an access token."
        case 403: ": it does not take this access token."
        case 404: ": check the path of the URL."
        case 200..<300, 426: ": is this the WebSocket port and not an HTTP one?"
        case 300..<400: ": it redirects, which is not followed; give the final URL."
        default: "."
        }
    }
}
