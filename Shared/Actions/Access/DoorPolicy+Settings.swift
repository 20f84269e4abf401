public import SettingsReading

extension DoorPolicy {
    /// - `allowed_origins`: origins of web pages that may come in without a token, and read answers:
    ///   `https://dash.example.org`, `null`, `file:`, `chrome-extension://ID`. Default: none but loopback ones, and
    ///   those whose host and port are ours.
    /// - `allowed_hosts`: names by which we are called, beside those that nobody can buy. Default: none.
    /// - `edge.public_host`: is such a name as well.
    public init(_ settings: Settings) {
        let origins = settings.strings("allowed_origins", default: [])
        for text in origins where !Self.isOrigin(text) {
            settings.report(
                "allowed_origins", value: text,
                remedy:
                    "Write scheme, host and port, as https://dash.example.org, http://10.0.0.5:3000, null or file:."
            )
        }
        let hosts = settings.strings("allowed_hosts", default: [])
        for text in hosts where Self.host(text).map({ $0.port != nil }) ?? true {
            settings.report(
                "allowed_hosts", value: text,
                remedy: "Write the name alone, without scheme and port, as bot.example.org.")
        }
        self.init(
            allowedOrigins: origins, allowedHosts: hosts, publicHost: settings.optionalString("edge.public_host"))
    }

    /// Whether a browser could send it; a slash at the end is forgiven.
    private static func isOrigin(_ text: String) -> Bool {
        switch WebOrigin(text) {
        case .server(let scheme, _):
            guard scheme != nil, let start = text.firstRange(of: "://")?.upperBound else { return false }
            let path = text[start...].drop { !"/?#".contains($0) }
            return path.isEmpty || path == "/"
        case .opaque(let text):
            guard text != "null", text != "file:" else { return true }
            guard let mark = text.firstRange(of: "://"), mark.lowerBound > text.startIndex else { return false }
            let isWeb = ["http", "https", "ws", "wss"].contains(String(text[..<mark.lowerBound]))
            return !isWeb && mark.upperBound < text.endIndex && !text[mark.upperBound...].contains("/")
        }
    }
}
