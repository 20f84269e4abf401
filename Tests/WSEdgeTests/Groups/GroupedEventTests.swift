import Bus
import Contracts
import NIOCore
import OneBot
import Synchronization
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("An event for one member of a group")
struct GroupedEventTests {
    private let edge = EdgeAddress(edgeID: "e1", instance: "a")
    private let place = GroupRouting.Place(bot: SelfID(-5), group: "g", chat: Chat("user.7"))

    private func member(_ name: String) -> GroupMember { GroupMember(appID: name, edge: edge, sessionID: 3) }

    private func event(_ whenOrphaned: @escaping @Sendable (GroupedEvent) -> Void = { _ in }) -> GroupedEvent {
        GroupedEvent(
            place: place, messageID: "9-1", owner: member("a"),
            frames: WebSocketConnection.encodeText(ByteBuffer(string: #"{"post_type":"x"}"#)),
            whenOrphaned: whenOrphaned)
    }

    @Test("handed from edge to edge it is the same event")
    func message() throws {
        let handed = event().handed(to: member("b"))
        let message = handed.message
        let read = try #require(GroupedEvent(message.body, message.properties) { _ in })
        #expect(String(buffer: message.body) == #"{"post_type":"x"}"#)
        #expect(read.place == place)
        #expect(read.messageID == "9-1")
        #expect(read.owner == member("b"))
        #expect(read.frames == handed.frames)
        #expect(read.gone.isEmpty)
    }

    @Test("each time it is orphaned one more is known to be gone, and its message is another one")
    func orphaned() throws {
        let orphans = Mutex<[GroupedEvent]>([])
        event { orphan in orphans.withLock { $0.append(orphan) } }.orphaned()
        let first = try #require(orphans.withLock { $0.first })
        #expect(first.gone == [member("a")])
        let second = first.handed(to: member("b"))
        second.orphaned()
        let last = try #require(orphans.withLock { $0.last }).handed(to: member("c"))
        #expect(last.gone == [member("a"), member("b")])
        #expect(last.message.properties.messageID != second.message.properties.messageID)
        let read = try #require(GroupedEvent(last.message.body, last.message.properties) { _ in })
        #expect(read.gone == last.gone)
    }

    @Test("a question between services is no such message")
    func question() {
        #expect(GroupedEvent(ByteBuffer(string: "{}"), MessageProperties("question", from: .edge)) { _ in } == nil)
        var properties = event().message.properties
        properties.headers["x-perpetua-bot"] = "no number"
        #expect(GroupedEvent(ByteBuffer(string: "{}"), properties) { _ in } == nil)
    }
}
