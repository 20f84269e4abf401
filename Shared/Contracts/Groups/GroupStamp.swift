public import Bus

/// Which client an event goes to, in each group that follows its bot. The edge that holds the bot's link decides once,
/// and writes it in two headers of the message (docs/contract.md §4), so that no two edges can disagree.
public struct GroupStamp: Sendable, Hashable {
    public static let chatHeader = "x-perpetua-chat"
    public static let ownersHeader = "x-perpetua-groups"

    public struct Owner: Sendable, Hashable {
        public var group: String
        public var member: GroupMember

        public init(group: String, member: GroupMember) {
            self.group = group
            self.member = member
        }
    }

    public var chat: Chat
    /// One for each group.
    public var owners: [Owner]

    public init(chat: Chat, owners: [Owner]) {
        self.chat = chat
        self.owners = owners
    }

    public var headers: MessageHeaders {
        [
            Self.chatHeader: chat.text,
            Self.ownersHeader: owners.map { "\($0.group)=\($0.member.text)" }.joined(separator: ","),
        ]
    }

    /// `nil` where there is none; entries that cannot be read are left out.
    public init?(_ headers: MessageHeaders) {
        guard let owners = headers[Self.ownersHeader] else { return nil }
        chat = headers[Self.chatHeader].map { Chat($0) } ?? .none
        self.owners = owners.split(separator: ",").compactMap { entry in
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let member = GroupMember(parts[1]) else { return nil }
            return Owner(group: String(parts[0]), member: member)
        }
    }
}

extension MessageProperties {
    /// Which client of each group the event is for; `nil` where it is for none.
    public var groupStamp: GroupStamp? { GroupStamp(headers) }
}
