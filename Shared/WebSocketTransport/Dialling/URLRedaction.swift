/// Makes a URL fit for logs and errors: user, password and token values become `***`.
public enum URLRedaction {
    private static let secrets = ["access_token", "client_token", "token"]

    public static func redacted(_ url: String) -> String {
        let start = url.firstRange(of: "://")?.upperBound ?? url.startIndex
        let end = url[start...].firstIndex { "/?#".contains($0) } ?? url.endIndex
        var authority = url[start..<end]
        var isUserHidden = false
        if let at = authority.lastIndex(of: "@") {
            authority = authority[authority.index(after: at)...]
            isUserHidden = true
        }
        return url[..<start] + (isUserHidden ? "***@" : "") + authority + query(of: url[end...])
    }

    private static func query(of rest: Substring) -> String {
        guard let question = rest.firstIndex(of: "?") else { return String(rest) }
        let pairs = rest[question...].dropFirst().split(separator: "&", omittingEmptySubsequences: false).map { pair in
            guard let equals = pair.firstIndex(of: "="),
                secrets.contains(PercentEncoding.decode(pair[..<equals], plusIsSpace: true).lowercased())
            else { return String(pair) }
            return pair[...equals] + "***"
        }
        return rest[...question] + pairs.joined(separator: "&")
    }
}
