import Bus
import Contracts
import NIOCore
import OneBot
import WebSocketTransport

/// An event on its way to the one member of a group that is to have it.
final class GroupedEvent: Sendable {
    let place: GroupRouting.Place
    /// `{epoch}-{sequence}` of the event.
    let messageID: String
    let owner: GroupMember
    /// Those it was meant for before, who are gone.
    let gone: [GroupMember]
    /// One encoded text frame.
    let frames: ByteBuffer
    /// Called, from any thread, where the owner is gone; the event it is given has that owner in its `gone`.
    private let whenOrphaned: @Sendable (GroupedEvent) -> Void

    init(
        place: GroupRouting.Place, messageID: String, owner: GroupMember, gone: [GroupMember] = [], frames: ByteBuffer,
        whenOrphaned: @escaping @Sendable (GroupedEvent) -> Void
    ) {
        self.place = place
        self.messageID = messageID
        self.owner = owner
        self.gone = gone
        self.frames = frames
        self.whenOrphaned = whenOrphaned
    }

    /// Its owner, a session of this edge, is gone and was not given it; from any thread.
    func orphaned() { whenOrphaned(GroupedEvent(self, owner: owner, gone: gone + [owner])) }

    /// The same event for another member.
    func handed(to successor: GroupMember) -> GroupedEvent { GroupedEvent(self, owner: successor, gone: gone) }

    private convenience init(_ event: GroupedEvent, owner: GroupMember, gone: [GroupMember]) {
        self.init(
            place: event.place, messageID: event.messageID, owner: owner, gone: gone, frames: event.frames,
            whenOrphaned: event.whenOrphaned)
    }

    // MARK: From edge to edge

    static let messageType = "group_event"
    private static let botHeader = "x-perpetua-bot"
    private static let idHeader = "x-perpetua-event"
    private static let goneHeader = "x-perpetua-gone"

    /// The message that hands it to its owner's edge. The id is that of this handover, because the same event may come
    /// by here twice, each time with one more member gone.
    var message: Message {
        let id = "\(place.bot)-\(messageID)-\(place.group)-\(gone.count)"
        var properties = MessageProperties(Self.messageType, from: .edge, id: id)
        let stamp = GroupStamp(chat: place.chat, owners: [GroupStamp.Owner(group: place.group, member: owner)])
        properties.headers.merge(stamp.headers)
        properties.headers[Self.botHeader] = place.bot.description
        properties.headers[Self.idHeader] = messageID
        properties.headers[Self.goneHeader] = gone.map(\.text).joined(separator: ",")
        properties.isPersistent = true
        let body = WebSocketConnection.texts(inEncoded: frames).first ?? ByteBuffer()
        return Message(body, properties)
    }

    /// `nil` for what is no such message.
    convenience init?(
        _ body: ByteBuffer, _ properties: MessageProperties, whenOrphaned: @escaping @Sendable (GroupedEvent) -> Void
    ) {
        guard properties.type == Self.messageType, let stamp = properties.groupStamp, let owner = stamp.owners.first,
            let bot = properties.headers[Self.botHeader].flatMap({ SelfID(decimal: $0) }),
            let messageID = properties.headers[Self.idHeader]
        else { return nil }
        let gone = properties.headers[Self.goneHeader] ?? ""
        self.init(
            place: GroupRouting.Place(bot: bot, group: owner.group, chat: stamp.chat), messageID: messageID,
            owner: owner.member, gone: gone.split(separator: ",").compactMap { GroupMember($0) },
            frames: WebSocketConnection.encodeText(body), whenOrphaned: whenOrphaned)
    }
}
