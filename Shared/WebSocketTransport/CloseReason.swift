/// The close codes we send (RFC 6455 §7.4.1) and their texts. The text is cut to 123 bytes of whole characters.
public struct CloseReason: Sendable, Hashable {
    public let code: UInt16
    public let text: String

    public init(code: UInt16, text: String) {
        self.code = code
        self.text = text
    }

    public static func goingAway(_ text: String) -> CloseReason { CloseReason(code: 1001, text: text) }
    public static func protocolError(_ text: String) -> CloseReason { CloseReason(code: 1002, text: text) }
    public static func notUTF8(_ text: String) -> CloseReason { CloseReason(code: 1007, text: text) }
    public static func policy(_ text: String) -> CloseReason { CloseReason(code: 1008, text: text) }
    public static func tooBig(_ text: String) -> CloseReason { CloseReason(code: 1009, text: text) }
    public static func tryAgainLater(_ text: String) -> CloseReason { CloseReason(code: 1013, text: text) }
}
