import Bus
import Contracts
import NIOCore
import OneBot
import Synchronization

/// Who of each group gets which event: decides for the bots whose links are here, and notes what other edges decide for
/// theirs.
final class Groups: Sendable {
    /// How many groups of one bot get events, so that a message's headers have a bound; where there are more, the last
    /// by name get none.
    static let maxGroups = 256

    private let presence: PresenceView
    private let routing = Mutex(GroupRouting())

    init(presence: PresenceView) { self.presence = presence }

    /// Which members an event is for; `nil` where no group follows the bot, and then the event is not looked at.
    func stamp(_ event: Message, of bot: SelfID) -> GroupStamp? {
        let members = presence.groups
        guard !members.isEmpty else { return nil }
        var groups = members.groups(following: bot)
        guard !groups.isEmpty, let position = EventPosition(messageID: event.properties.messageID),
            let json = try? JSONObject(event.body)  // It was an event when it came: it can be read.
        else { return nil }
        if groups.count > Self.maxGroups {
            groups.sort { $0.group < $1.group }
            groups.removeLast(groups.count - Self.maxGroups)
        }
        let chat = Chat(of: json)
        let owners = routing.withLock { routing in
            groups.compactMap { group, members -> GroupStamp.Owner? in
                let place = GroupRouting.Place(bot: bot, group: group, chat: chat)
                return routing.owner(of: place, among: members, at: position).map {
                    GroupStamp.Owner(group: group, member: $0)
                }
            }
        }
        return GroupStamp(chat: chat, owners: owners)
    }

    /// Notes what was decided for an event that arrived.
    func observe(_ stamp: GroupStamp, of bot: SelfID, _ messageID: String?) {
        guard let position = EventPosition(messageID: messageID) else { return }
        routing.withLock { routing in
            for owner in stamp.owners {
                let place = GroupRouting.Place(bot: bot, group: owner.group, chat: stamp.chat)
                routing.observe(owner.member, of: place, at: position)
            }
        }
    }

    func hasMembers(at edge: EdgeAddress) -> Bool { presence.groups.hasMembers(at: edge) }

    /// Who gets an event in place of those it was meant for, who are gone.
    func successor(for event: GroupedEvent, where isEligible: (GroupMember) -> Bool) -> GroupMember? {
        let members = presence.groups.members(of: event.place.group, following: event.place.bot)
        return GroupRouting.choose(for: event.place, among: members) { member in
            isEligible(member) && !event.gone.contains(member)
        }
    }
}
