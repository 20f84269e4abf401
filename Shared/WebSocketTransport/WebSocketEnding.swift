/// How a connection ended.
public struct WebSocketEnding: Sendable, Hashable, CustomStringConvertible {
    /// The close code the peer sent, or ours; `nil` where the socket ended without one (1005 or 1006 in RFC 6455's words).
    public var code: UInt16?
    /// The text beside the code, or what happened to the socket.
    public var reason: String
    /// Whether our side ended it.
    public var isOurs: Bool

    public init(code: UInt16?, reason: String, isOurs: Bool) {
        self.code = code
        self.reason = reason
        self.isOurs = isOurs
    }

    public var description: String {
        let who = isOurs ? "closed by us" : "closed by the peer"
        return "\(who) (\(code.map(String.init) ?? "no code"))\(reason.isEmpty ? "" : ": \(reason)")"
    }
}
