import Contracts
import OneBot

/// Which member of a group has which chat. A chat stays with the member it had as long as that one is there, whoever
/// joins. A new chat, or one whose member is gone, goes to the member of the highest weight, which every edge finds
/// alike (rendezvous hashing).
///
/// The edge that holds the bot's link decides; the others note what it decided, so that the one that takes the link
/// over goes on alike.
struct GroupRouting {
    /// A chat as one group sees it.
    struct Place: Hashable {
        var bot: SelfID
        var group: String
        var chat: Chat
    }

    private struct Assignment {
        var appID: String
        /// The event it was decided for.
        var since: EventPosition
    }

    /// How many chats are remembered, the latest used. One that is forgotten goes where a new one would.
    static let maxPlaces = 65_536

    private var assignments: RecentTable<Place, Assignment>

    init(limit: Int = GroupRouting.maxPlaces) { assignments = RecentTable(limit: limit) }

    var count: Int { assignments.count }

    /// Whose the chat is; `nil` where the group has no members.
    mutating func owner(
        of place: Place, among members: GroupMembers.Candidates, at position: EventPosition
    ) -> GroupMember? {
        if let known = assignments.use(place), let member = members[known.appID] { return member }
        guard let chosen = Self.choose(for: place, among: members) else { return nil }
        assignments.set(Assignment(appID: chosen.appID, since: position), for: place)
        return chosen
    }

    /// Notes what was decided for that event, here or elsewhere. A decision older than the one we know changes nothing.
    mutating func observe(_ owner: GroupMember, of place: Place, at position: EventPosition) {
        if let known = assignments.use(place) {
            guard known.appID != owner.appID, known.since < position else { return }
        }
        assignments.set(Assignment(appID: owner.appID, since: position), for: place)
    }

    /// The member of the highest weight among those that are eligible.
    static func choose(
        for place: Place, among members: GroupMembers.Candidates,
        where isEligible: (GroupMember) -> Bool = { _ in true }
    ) -> GroupMember? {
        var start = StableHash()
        start.add(place.group)
        start.add(place.bot.description)
        start.add(place.chat.text)
        var best: (weight: UInt64, member: GroupMember)?
        members.forEach { member in
            guard isEligible(member) else { return }
            var hash = start
            hash.add(member.appID)
            let weight = hash.value
            if let found = best, (weight, member.appID) <= (found.weight, found.member.appID) { return }
            best = (weight, member)
        }
        return best?.member
    }
}
