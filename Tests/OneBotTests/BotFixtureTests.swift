import NIOCore
import TestSupport
import Testing

@testable import OneBot

@Suite("What bots of today send")
struct BotFixtureTests {
    @Test("there are events, answers and heartbeats of each")
    func complete() throws {
        for implementation in BotFixture.Implementation.allCases {
            for kind in BotFixture.Kind.allCases {
                #expect(try !BotFixture.all(of: [kind], by: implementation).isEmpty, "\(implementation) \(kind)")
            }
            let meta = try BotFixture.all(of: [.meta], by: implementation)
            #expect(meta.contains { $0.name.hasPrefix("meta-heartbeat") })
            #expect(meta.contains { $0.name == "meta-lifecycle-connect" })
        }
    }

    @Test("each is what its name says", arguments: try BotFixture.all())
    func kind(_ fixture: BotFixture) throws {
        let object = try JSONObject(fixture.bytes)
        switch (fixture.kind, BotFrame(parsing: fixture.bytes)) {
        case (.response, .response(let response)):
            #expect(response.retcode == object["retcode"]?.int64)
            #expect(response.echo == object["echo"]?.bytes)
        case (.message, .event(let event)):
            #expect(event.postType == (fixture.name.hasPrefix("message-sent") ? "message_sent" : "message"))
            #expect(fixture.name.contains(try #require(event.detailType)))
        case (.notice, .event(let event)):
            #expect(event.postType == "notice" && event.detailType == object["notice_type"]?.string)
        case (.request, .event(let event)):
            #expect(event.postType == "request")
            #expect(fixture.name.contains(try #require(event.detailType)))
        case (.meta, .event(let event)):
            #expect(event.isHeartbeat == fixture.name.contains("heartbeat"))
            #expect(event.isLifecycleConnect == (fixture.name == "meta-lifecycle-connect"))
        case (_, let frame):
            Issue.record("\(fixture) was taken for \(frame)")
        }
    }

    @Test("each means to Foundation what it means to us, and no part of it is a frame", arguments: try BotFixture.all())
    func foundation(_ fixture: BotFixture) throws {
        let value = try #require(FoundationJSON.parse(Array(fixture.text.utf8)))
        #expect(FoundationJSON.agrees(try JSONText(validating: fixture.bytes), with: value))
        let whole = fixture.text.utf8.lastIndex(of: UInt8(ascii: "}"))
        let length = try #require(whole.map { fixture.text.utf8.distance(from: fixture.text.startIndex, to: $0) })
        // A hundred places are enough: another test cuts each of the standard's frames at every byte.
        for count in stride(from: 0, to: length, by: max(1, length / 100)) {
            switch BotFrame(parsing: ByteBuffer(bytes: Array(fixture.text.utf8.prefix(count)))) {
            case .unknown, .unreadable: break
            case .event, .response:
                Issue.record("the first \(count) bytes of \(fixture) were taken for a frame")
                return
            }
        }
    }

    @Test(
        "clients get each event as it is, whoever it says it is from",
        arguments: try BotFixture.all(of: BotFixture.events))
    func forClients(_ fixture: BotFixture) throws {
        guard case .event(let event) = BotFrame(parsing: fixture.bytes) else {
            Issue.record("\(fixture) is no event")
            return
        }
        #expect(event.forClients(of: SelfID(BotFixture.account)) == fixture.bytes)
        let nobodys = event.json.setting("self_id", to: ByteBuffer(string: "null"))
        guard case .event(let event) = BotFrame(parsing: nobodys) else {
            Issue.record("\(fixture) without self_id is no event")
            return
        }
        #expect(event.forClients(of: SelfID(0)) == event.json.setting("self_id", to: ByteBuffer(string: "0")))
    }

    @Test(
        "a message becomes the other form, and every other byte stays; there and back it is the same message",
        arguments: try BotFixture.all(of: BotFixture.events))
    func formats(_ fixture: BotFixture) throws {
        guard case .event(let event) = BotFrame(parsing: fixture.bytes) else {
            Issue.record("\(fixture) is no event")
            return
        }
        let isString = event.json["message"]?.kind == .string
        let (own, other): (MessageFormat, MessageFormat) = isString ? (.string, .array) : (.array, .string)
        #expect(own.convert(event) == nil)
        guard fixture.kind == .message else {
            #expect(other.convert(event) == nil, "only messages have forms")
            return
        }
        let converted = try self.event(in: other, event)
        #expect(converted.json["message"]?.kind == (isString ? .array : .string))
        #expect(try Self.withoutMessage(converted.json) == Self.withoutMessage(event.json))
        if event.json["message_format"] != nil {
            #expect(converted.json["message_format"]?.string == other.rawValue)
        }
        let back = try self.event(in: own, converted)
        #expect(try Self.withoutMessage(back.json) == Self.withoutMessage(event.json))
        if isString {
            #expect(back.json["message"]?.string == event.json["message"]?.string)
        } else {
            // Values have become text on the way, so the texts are compared.
            #expect(try self.event(in: other, back).json["message"]?.string == converted.json["message"]?.string)
        }
    }

    @Test(
        "the answer to get_msg has its message in the other form, and all the rest of it stays",
        arguments: BotFixture.Implementation.allCases)
    func answer(of implementation: BotFixture.Implementation) throws {
        let answer = try BotFixture(implementation, "response-get-msg").bytes
        let message = try #require(JSONObject(answer)["data"]?.object?["message"])
        let (own, other): (MessageFormat, MessageFormat) =
            message.kind == .string ? (.string, .array) : (.array, .string)
        #expect(own.convert(answer: answer) == nil)
        let converted = try #require(other.convert(answer: answer))
        let data = try #require(JSONObject(converted)["data"]?.object)
        #expect(data["message"]?.kind == (message.kind == .string ? .array : .string))
        #expect(try Self.withoutMessage(data) == Self.withoutMessage(#require(JSONObject(answer)["data"]?.object)))
        let back = try #require(own.convert(answer: converted))
        #expect(try JSONObject(back).removing("data") == JSONObject(answer).removing("data"))
        // Characters that were written as escapes no longer are, so the messages are compared.
        let again = try #require(other.convert(answer: back))
        #expect(again == converted)
    }

    private func event(in format: MessageFormat, _ event: Event) throws -> Event {
        let converted = try #require(format.convert(event))
        guard case .event(let event) = BotFrame(parsing: converted) else { throw NotAnEvent() }
        return event
    }

    private struct NotAnEvent: Error {}

    private static func withoutMessage(_ event: JSONObject) throws -> ByteBuffer {
        try JSONObject(event.removing("message")).removing("message_format")
    }
}
