/// A pattern for names of actions, as settings have it: `*` stands for any characters, as in `upload_*`.
public struct ActionPattern: Sendable, Hashable {
    public let text: String
    private let bytes: [UInt8]

    public init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    /// Every action.
    public static let all = ActionPattern("*")

    /// Whether `action` is the pattern with any characters in the place of each `*`. Linear in practice: only the last
    /// star is ever widened.
    public func matches(_ action: some StringProtocol) -> Bool {
        var action = String(action)
        return action.withUTF8(matches)
    }

    func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        // Most patterns do not match, and most of those differ in the last character already.
        if let last = bytes.last, last != UInt8(ascii: "*"), last != text.last { return false }
        var (p, t) = (0, 0)
        var lastStar: (pattern: Int, text: Int)?
        while t < text.count {
            if p < bytes.count, bytes[p] == UInt8(ascii: "*") {
                lastStar = (p, t)
                p += 1
                if p == bytes.count { return true }
            } else if p < bytes.count, bytes[p] == text[t] {
                p += 1
                t += 1
            } else if let star = lastStar {
                lastStar = (star.pattern, star.text + 1)
                p = star.pattern + 1
                t = star.text + 1
            } else {
                return false
            }
        }
        return bytes[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
