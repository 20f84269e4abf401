/// What a request's path asks for. Compared as it was written: an escaped path names no action.
enum GatewayPath: Sendable, Hashable {
    /// `/health/live`: the process is up.
    case live
    /// `/health/ready`: it can serve.
    case ready
    /// `/metrics`: its numbers.
    case metrics
    /// `/api/ACTION` or `/ACTION`, with or without a slash at the end; the name is `[A-Za-z0-9_.]{1,128}`.
    case action(String)
    case unknown

    init(_ path: String) {
        var path = path[...]
        guard path.utf8.first == UInt8(ascii: "/") else {
            self = .unknown
            return
        }
        path = path.dropFirst()
        if path.utf8.last == UInt8(ascii: "/") { path = path.dropLast() }
        switch path {
        case "health/live": self = .live
        case "health/ready": self = .ready
        case "metrics": self = .metrics
        case "api": self = .unknown
        default:
            if path.hasPrefix("api/") { path = path.dropFirst(4) }
            self = Self.isActionName(path) ? .action(String(path)) : .unknown
        }
    }

    private static func isActionName(_ text: Substring) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
