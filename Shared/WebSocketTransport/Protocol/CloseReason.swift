/// A close code and its text (RFC 6455 §7.4.1). The text is cut to 123 bytes of whole characters.
public struct CloseReason: Sendable, Hashable {
    /// What fits into a control frame's 125 bytes beside the code (RFC 6455 §5.5).
    static let maxTextBytes = 123

    public let code: UInt16
    public let text: String

    public init(code: UInt16, text: String) {
        self.code = code
        self.text = Self.cut(text)
    }

    public static func goingAway(_ text: String) -> CloseReason { CloseReason(code: 1001, text: text) }
    public static func protocolError(_ text: String) -> CloseReason { CloseReason(code: 1002, text: text) }
    public static func notUTF8(_ text: String) -> CloseReason { CloseReason(code: 1007, text: text) }
    public static func policy(_ text: String) -> CloseReason { CloseReason(code: 1008, text: text) }
    public static func tooBig(_ text: String) -> CloseReason { CloseReason(code: 1009, text: text) }
    public static func serviceRestart(_ text: String) -> CloseReason { CloseReason(code: 1012, text: text) }
    public static func tryAgainLater(_ text: String) -> CloseReason { CloseReason(code: 1013, text: text) }

    /// Whether a peer may send `code` in a close frame: the codes the standard and its registry give out, and the
    /// ranges for libraries and applications. 1004, 1005, 1006 and 1015 must never be sent.
    static func isLegal(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > maxTextBytes else { return text }
        var kept = ""
        var bytes = 0
        for character in text {
            let size = String(character).utf8.count
            guard bytes + size <= maxTextBytes else { break }
            bytes += size
            kept.append(character)
        }
        return kept
    }
}
