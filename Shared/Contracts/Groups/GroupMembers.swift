public import OneBot

/// The clients of each group, by the bot they follow: the part of ``PresenceReplica`` that every change keeps up to
/// date.
public struct GroupMembers: Sendable {
    /// By bot (`nil`: those that follow every bot, or whose bot is not known yet), then by group, then by `app_id`.
    private var lists: [SelfID?: [String: [String: GroupMember]]] = [:]

    public init() {}

    public var isEmpty: Bool { lists.isEmpty }

    /// Those of one group that follow one bot.
    public struct Candidates: Sendable {
        fileprivate var bound: [String: GroupMember] = [:]
        fileprivate var following: [String: GroupMember] = [:]

        public init(_ members: [GroupMember] = []) {
            for member in members { bound[member.appID] = member }
        }

        public var count: Int { bound.count + following.count }

        public subscript(appID: String) -> GroupMember? { bound[appID] ?? following[appID] }

        /// Calls `body` with each of them, in no order.
        public func forEach(_ body: (GroupMember) -> Void) {
            for member in bound.values { body(member) }
            for member in following.values { body(member) }
        }
    }

    /// The groups that have members who follow that bot.
    public func groups(following bot: SelfID) -> [(group: String, members: Candidates)] {
        let (bound, following) = (lists[.some(bot)], lists[.none])
        var found: [(group: String, members: Candidates)] = []
        for (group, members) in bound ?? [:] {
            var candidates = Candidates()
            candidates.bound = members
            candidates.following = following?[group] ?? [:]
            found.append((group, candidates))
        }
        for (group, members) in following ?? [:] where bound?[group] == nil {
            var candidates = Candidates()
            candidates.following = members
            found.append((group, candidates))
        }
        return found
    }

    /// Those of one group that follow that bot.
    public func members(of group: String, following bot: SelfID) -> Candidates {
        var candidates = Candidates()
        candidates.bound = lists[.some(bot)]?[group] ?? [:]
        candidates.following = lists[.none]?[group] ?? [:]
        return candidates
    }

    /// Takes a walk over all members.
    public func hasMembers(at edge: EdgeAddress) -> Bool {
        lists.values.contains { groups in
            groups.values.contains { members in members.values.contains { $0.edge == edge } }
        }
    }

    /// Replaces what is known of one client.
    mutating func change(from old: OnlineClient?, to new: OnlineClient?) {
        if let old, let group = old.group {
            for bot in Self.bots(of: old) { remove(old.appID, from: group, following: bot) }
        }
        guard let new, let group = new.group, let edge = new.edge, new.role.receivesEvents, Exchanges.isWord(group)
        else { return }
        for bot in Self.bots(of: new) {
            lists[bot, default: [:]][group, default: [:]][new.appID] = GroupMember(
                appID: new.appID, edge: edge, sessionID: new.sessionID)
        }
    }

    /// The bots whose events a member shares; `nil`: every bot.
    private static func bots(of client: OnlineClient) -> [SelfID?] {
        guard client.selfID == nil, let bots = client.groupBots else { return [client.selfID] }
        return bots
    }

    private mutating func remove(_ appID: String, from group: String, following bot: SelfID?) {
        lists[bot]?[group]?[appID] = nil
        if lists[bot]?[group]?.isEmpty == true { lists[bot]?[group] = nil }
        if lists[bot]?.isEmpty == true { lists[bot] = nil }
    }
}

/// A client of a `group`, as events are addressed to it: who it is, and its present session.
///
/// In a message's header it is `{app_id}@{edge_id}.{instance}.{session_id}` (docs/contract.md §4). The session makes
/// one edge responsible for events that are addressed to it, even after it has ended: a client that comes back
/// elsewhere is another member.
public struct GroupMember: Sendable, Hashable {
    public var appID: String
    public var edge: EdgeAddress
    public var sessionID: UInt64

    public init(appID: String, edge: EdgeAddress, sessionID: UInt64) {
        self.appID = appID
        self.edge = edge
        self.sessionID = sessionID
    }

    /// `nil` for anything that is not a member as it stands in a header.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let place = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        guard place.count == 3, let sessionID = UInt64(place[2]), Exchanges.isWord(String(parts[0])) else { return nil }
        self.init(
            appID: String(parts[0]), edge: EdgeAddress(edgeID: String(place[0]), instance: String(place[1])),
            sessionID: sessionID)
    }

    public var text: String { "\(appID)@\(edge.edgeID).\(edge.instance).\(sessionID)" }
}
