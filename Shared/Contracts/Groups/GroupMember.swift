/// A client of a `group` as an event is addressed to it: who it is, and the one session it has now.
///
/// In a message's header it is `{app_id}@{edge_id}.{instance}.{session_id}` (docs/contract.md §4). The session makes one edge responsible for what
/// is addressed to it, also after it went: a client that has come back elsewhere is another member.
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
