import NIOCore
import OneBot
import Testing

@testable import SimulatedBot

@Suite struct EventGeneratorTests {
    private let account = Account(selfID: SelfID(10001))

    @Test("a deck of events holds every kind of OneBot 11")
    func everyKind() throws {
        let events = try events(EventGenerator.deckSize, seed: 7)
        let kinds = Set(
            events.map { event in
                let postType = event["post_type"]?.string ?? "?"
                let detail = event["\(postType)_type"]?.string ?? "?"
                return detail == "notify" ? "notify.\(event["sub_type"]?.string ?? "?")" : "\(postType).\(detail)"
            })
        #expect(
            kinds == [
                "message.private", "message.group", "notice.group_upload", "notice.group_admin",
                "notice.group_decrease", "notice.group_increase", "notice.group_ban", "notice.friend_add",
                "notice.group_recall", "notice.friend_recall", "notify.poke", "notify.lucky_king", "notify.honor",
                "request.friend", "request.group",
            ])
    }

    @Test("every event is a JSON object with time and self_id, and no member twice")
    func shape() throws {
        for event in try events(500, seed: 11) {
            #expect(event["time"]?.int64 == 1_700_000_000)
            #expect(event["self_id"]?.int64 == 10001)
            #expect(Set(event.keys).count == event.keys.count)
            #expect(event["echo"] == nil)
        }
    }

    @Test("the same seed makes the same events, another one others")
    func seeds() throws {
        let first = try events(100, seed: 3).map { String(buffer: $0.bytes) }
        #expect(try events(100, seed: 3).map { String(buffer: $0.bytes) } == first)
        #expect(try events(100, seed: 4).map { String(buffer: $0.bytes) } != first)
    }

    @Test("a received message can be read again")
    func remembered() throws {
        var generator = EventGenerator(account: account, seed: 1)
        var memory = MessageMemory()
        let event = try JSONObject(
            generator.message(
                from: account.friends[0], [.text("a"), MessageSegment("face", ("id", "1"))], at: 5,
                remembering: &memory))
        _ = generator.next(at: 5, remembering: &memory)
        let id = try #require(event["message_id"]?.int64)
        let remembered = try JSONObject(try #require(memory[id]))
        #expect(remembered["message"]?.array?.count == 2)
        #expect(event["raw_message"]?.string == "a[CQ:face,id=1]")
    }

    private func events(_ count: Int, seed: UInt64) throws -> [JSONObject] {
        var generator = EventGenerator(account: account, seed: seed)
        var memory = MessageMemory()
        return try (0..<count).map { _ in
            try JSONObject(generator.next(at: 1_700_000_000, remembering: &memory))
        }
    }
}

@Suite struct MessageSegmentTests {
    @Test("CQ codes escape what they must")
    func escapes() {
        #expect(MessageSegment.text("[a,b] & c").cqCode == "&#91;a,b&#93; &amp; c")
        #expect(
            MessageSegment("image", ("file", "1"), ("url", "x?a=1,2&b=[3]")).cqCode
                == "[CQ:image,file=1,url=x?a=1&#44;2&amp;b=&#91;3&#93;]")
        #expect(MessageSegment("rps").cqCode == "[CQ:rps]")
    }

    @Test("a segment without data has an empty object")
    func json() {
        #expect(String(buffer: MessageSegment("rps").json) == #"{"type":"rps","data":{}}"#)
    }
}

@Suite struct MessageMemoryTests {
    @Test("the oldest message is forgotten where there are too many")
    func capacity() {
        var memory = MessageMemory()
        for _ in 0...MessageMemory.capacity {
            let id = memory.nextID()
            memory.remember(
                id, type: "group", sender: ByteBuffer(string: "{}"), message: ByteBuffer(string: "[]"), at: 1)
        }
        #expect(memory[1] == nil)
        #expect(memory[2] != nil)
        #expect(memory[Int64(MessageMemory.capacity) + 1] != nil)
    }

    @Test("a forgotten message cannot be forgotten again")
    func forget() {
        var memory = MessageMemory()
        let id = memory.nextID()
        memory.remember(id, type: "group", sender: ByteBuffer(string: "{}"), message: ByteBuffer(string: "[]"), at: 1)
        let first = memory.forget(id)
        let second = memory.forget(id)
        #expect(first && !second)
    }
}
