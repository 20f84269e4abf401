import OneBot

/// Where an action speaks: the group, else the user, that its parameters name.
struct PacedChat: Hashable {
    enum Kind: Hashable { case group, user }

    let kind: Kind
    /// A number's digits, or the text of an implementation that has no numbers.
    let id: String

    /// No implementation's ids are longer; longer ones are not kept, so that they take no memory.
    private static let longestID = 64

    init(_ kind: Kind, _ id: String) {
        self.kind = kind
        self.id = id
    }

    /// `nil` where the parameters name neither. A quick operation names them in its event (`context`).
    init?(_ params: JSONObject?) {
        guard let params else { return nil }
        if let group = Self.id(params["group_id"]) {
            self.init(.group, group)
        } else if let user = Self.id(params["user_id"]) {
            self.init(.user, user)
        } else if let context = params["context"]?.object, context["context"] == nil {
            self.init(context)
        } else {
            return nil
        }
    }

    private static func id(_ value: JSONText?) -> String? {
        guard let value else { return nil }
        if let number = value.int64 { return number == 0 ? nil : "\(number)" }
        guard let text = value.string, !text.isEmpty, text.utf8.count <= longestID else { return nil }
        // Bots read it as a number: however it is written, it is the same chat.
        if let number = Int64(text) { return number == 0 ? nil : "\(number)" }
        return text
    }
}
