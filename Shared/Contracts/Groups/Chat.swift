public import OneBot

/// Which chat an event belongs to: what clients of one `group` share events by. Text that may stand in a header.
public struct Chat: Sendable, Hashable {
    public let text: String

    public init(_ text: String) { self.text = text }

    /// All events that belong to no chat belong together.
    public static let none = Chat("none")

    /// By `group_id`, else by `user_id`; 0, null, and values that cannot be an id count as absent.
    public init(of event: JSONObject) {
        if let group = Self.id(event["group_id"]) {
            text = "group.\(group)"
        } else if let user = Self.id(event["user_id"]) {
            text = "user.\(user)"
        } else {
            self = .none
        }
    }

    /// A number and its digits in a string are the same id.
    private static func id(_ value: JSONText?) -> String? {
        guard let value else { return nil }
        if let number = value.int64 ?? value.string.flatMap({ Int64($0) }) { return number == 0 ? nil : String(number) }
        guard let text = value.string, !text.isEmpty else { return nil }
        return Exchanges.isWord(text) ? text : "_\(StableHash.hash(text))"
    }
}
