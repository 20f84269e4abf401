import Contracts
import OneBot

/// Which events a client wants (docs/contract.md §3, "What a client may choose"). A list that is empty restricts
/// nothing; each other one narrows what is left; what is excluded is left out, whatever else is listed.
struct EventFilter: Sendable, Hashable {
    private(set) var postTypes: Set<String> = []
    private(set) var detailTypes: Set<String> = []
    private(set) var groupIDs: Set<Int64> = []
    private(set) var userIDs: Set<Int64> = []
    private(set) var excludedGroupIDs: Set<Int64> = []
    private(set) var excludedUserIDs: Set<Int64> = []
    private(set) var selfIDs: Set<SelfID> = []

    /// The lists by their names in queries and settings.
    enum List: String, CaseIterable {
        case postTypes = "post_types"
        case detailTypes = "detail_types"
        case groupIDs = "group_ids"
        case userIDs = "user_ids"
        case excludedGroupIDs = "exclude_group_ids"
        case excludedUserIDs = "exclude_user_ids"
        case selfIDs = "self_ids"

        /// What to write instead.
        var remedy: String {
            switch self {
            case .postTypes: "Use \(EventFilter.knownPostTypes.joined(separator: ", "))."
            case .detailTypes: "Use words of letters, digits, _ or -, as group or friend_add."
            case .groupIDs, .userIDs, .excludedGroupIDs, .excludedUserIDs, .selfIDs:
                "Use whole numbers above 0, as 10001: those of groups or accounts."
            }
        }
    }

    /// The post types there are. Others are refused, since a misspelt one would keep everything from a client.
    static let knownPostTypes = ["message", "message_sent", "notice", "request", "meta_event", "distributed"]

    var isEmpty: Bool { self == EventFilter() }

    /// Replaces a list.
    /// - Returns: the first item that makes no sense there, and nothing is replaced; `nil` where all do.
    mutating func restrict(_ list: List, to items: [String]) -> String? {
        switch list {
        case .postTypes: Self.read(items, into: &postTypes) { Self.knownPostTypes.contains($0) ? $0 : nil }
        case .detailTypes: Self.read(items, into: &detailTypes) { Exchanges.isWord($0) ? $0 : nil }
        case .groupIDs: Self.read(items, into: &groupIDs, Self.id)
        case .userIDs: Self.read(items, into: &userIDs, Self.id)
        case .excludedGroupIDs: Self.read(items, into: &excludedGroupIDs, Self.id)
        case .excludedUserIDs: Self.read(items, into: &excludedUserIDs, Self.id)
        case .selfIDs: Self.read(items, into: &selfIDs) { Self.id($0).map { SelfID($0) } }
        }
    }

    // MARK: What passes

    /// An event of a bot.
    func passes(_ event: EventView) -> Bool {
        passes(selfID: event.selfID) && (postTypes.isEmpty || event.postType.map(postTypes.contains) == true)
            && (detailTypes.isEmpty || event.detailType.map(detailTypes.contains) == true)
            && passesChats(event)
    }

    /// The event is looked at only where there is a list.
    private func passesChats(_ event: EventView) -> Bool {
        if !excludedGroupIDs.isEmpty, let group = event.groupID, excludedGroupIDs.contains(group) { return false }
        if !excludedUserIDs.isEmpty, let user = event.userID, excludedUserIDs.contains(user) { return false }
        return groupIDs.isEmpty && userIDs.isEmpty || passes(group: event.groupID, user: event.userID)
    }

    /// An event of our own that happens in no chat.
    func passes(postType: String, detailType: String) -> Bool {
        (postTypes.isEmpty || postTypes.contains(postType)) && (detailTypes.isEmpty || detailTypes.contains(detailType))
    }

    /// Whether anything of that bot is wanted.
    func passes(selfID: SelfID) -> Bool { selfIDs.isEmpty || selfIDs.contains(selfID) }

    /// In a group the group must be listed, and the user too where users are; in private it is the user who must be
    /// listed. What happens in no chat at all concerns everybody.
    private func passes(group: Int64?, user: Int64?) -> Bool {
        switch (group, user) {
        case (nil, nil): true
        case (nil, let user?): userIDs.contains(user)
        case (let group?, nil): groupIDs.contains(group)
        case (let group?, let user?):
            (groupIDs.isEmpty || groupIDs.contains(group)) && (userIDs.isEmpty || userIDs.contains(user))
        }
    }

    /// An id above 0. No chat has another one, so that it would match nothing in a list.
    private static func id(_ text: String) -> Int64? {
        SelfID(decimal: text).flatMap { $0.number > 0 ? $0.number : nil }
    }

    private static func read<Item: Hashable>(
        _ items: [String], into set: inout Set<Item>, _ parse: (String) -> Item?
    ) -> String? {
        var parsed: Set<Item> = []
        for item in items.flatMap({ $0.split { $0 == "," || $0.isWhitespace } }).map(String.init) {
            guard let value = parse(item) else { return item }
            parsed.insert(value)
        }
        set = parsed
        return nil
    }
}
