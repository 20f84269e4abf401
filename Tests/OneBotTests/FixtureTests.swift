import NIOCore
import Testing

@testable import OneBot

@Suite("OneBot 11 frames")
struct FixtureTests {
    @Test("each fixture is what its name says", arguments: try Fixture.all())
    func kind(_ fixture: Fixture) throws {
        let object = try JSONObject(fixture.bytes)
        let words = fixture.name.split(separator: "-").filter { $0 != "napcat" }
        switch (words[0], BotFrame(parsing: fixture.bytes)) {
        case ("action", _):
            #expect(try Action(parsing: fixture.bytes).echo == object["echo"]?.bytes)
        case ("response", .response(let response)):
            #expect(response.retcode == object["retcode"]?.int64)
            #expect(response.echo == object["echo"]?.bytes)
        case ("message", .event(let event)), ("spaced", .event(let event)):
            #expect(event.postType.hasPrefix("message"))
            #expect(event.detailType == object["message_type"]?.string)
            try expectRouting(of: event)
        case ("notice", .event(let event)), ("request", .event(let event)):
            #expect(event.postType == String(words[0]))
            #expect(event.detailType == object["\(words[0])_type"]?.string)
            try expectRouting(of: event)
        case ("meta", .event(let event)):
            #expect(event.isHeartbeat == (words[1] == "heartbeat"))
            #expect(event.isLifecycleConnect == fixture.name.hasSuffix("lifecycle-connect"))
            try expectRouting(of: event)
        case (_, let frame):
            Issue.record("\(fixture.name) was taken for \(frame)")
        }
    }

    private func expectRouting(of event: Event) throws {
        #expect(event.detailType != nil)
        #expect(event.selfID == SelfID(10001))
        #expect(event.subType == event.json["sub_type"]?.string)
        #expect(event.forClients(of: SelfID(1)) == event.json.bytes)
    }

    @Test("each means to Foundation what it means to us", arguments: try Fixture.all())
    func foundation(_ fixture: Fixture) throws {
        let value = try #require(FoundationJSON.parse(Array(fixture.text.utf8)))
        #expect(FoundationJSON.agrees(try JSONText(validating: fixture.bytes), with: value))
    }

    @Test("without its self_id and with an echo, an event is mended for clients and otherwise the same")
    func mended() throws {
        for fixture in try Fixture.all() {
            guard case .event(let event) = BotFrame(parsing: fixture.bytes) else { continue }
            let selfID = try #require(event.json["self_id"]?.bytes)
            let echoed = try JSONObject(event.json.setting("echo", to: ByteBuffer(string: #"{"a":1}"#)))
            let nulled = echoed.setting("self_id", to: ByteBuffer(string: "null"))
            guard case .event(let sent) = BotFrame(parsing: nulled) else {
                Issue.record("no event: \(String(buffer: nulled))")
                continue
            }
            let expected = event.json.setting("self_id", to: ByteBuffer(string: "10001"))
            #expect(sent.forClients(of: SelfID(10001)) == expected, "\(fixture.name), \(String(buffer: selfID))")
        }
    }
}
