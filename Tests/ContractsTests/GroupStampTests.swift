import Bus
import Contracts
import Testing

@Suite("Whom of each group an event is for, in its headers")
struct GroupStampTests {
    private let edge = EdgeAddress(edgeID: "e-1", instance: "0a1b2c3d4e5f")

    @Test("the headers are these, and are read again")
    func headers() {
        let stamp = GroupStamp(
            chat: Chat("group.30001"),
            owners: [
                .init(group: "workers", member: GroupMember(appID: "x-1", edge: edge, sessionID: 7)),
                .init(group: "log", member: GroupMember(appID: "y", edge: edge, sessionID: .max)),
            ])
        #expect(
            stamp.headers == [
                "x-perpetua-chat": "group.30001",
                "x-perpetua-groups":
                    "workers=x-1@e-1.0a1b2c3d4e5f.7,log=y@e-1.0a1b2c3d4e5f.18446744073709551615",
            ])
        var properties = MessageProperties("event", from: .edge)
        #expect(properties.groupStamp == nil)
        properties.headers.merge(stamp.headers)
        #expect(properties.groupStamp == stamp)
    }

    @Test("nobody of any group is not the same as no headers")
    func nobody() {
        let stamp = GroupStamp(chat: .none, owners: [])
        #expect(GroupStamp(stamp.headers) == stamp)
        #expect(GroupStamp([:]) == nil)
    }

    @Test(
        "what cannot be read is left out",
        arguments: ["", "g", "g=", "g=x", "g=x@e", "g=x@e.i", "g=x@e.i.-1", "g=x@e.i.1.2", "g=a b@e.i.1", ",,=,"])
    func unreadable(owners: String) {
        let stamp = GroupStamp([GroupStamp.ownersHeader: owners + ",ok=x@e.i.1"])
        #expect(stamp?.owners.map(\.group) == ["ok"])
        #expect(stamp?.chat == Chat.none)
    }
}
