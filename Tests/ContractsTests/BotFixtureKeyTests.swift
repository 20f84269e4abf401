import Bus
import Contracts
import NIOCore
import OneBot
import TestSupport
import Testing

@Suite("Where the events of today's bots go")
struct BotFixtureKeyTests {
    @Test("each event's key says what it is, in words", arguments: try BotFixture.all(of: BotFixture.events))
    func key(_ fixture: BotFixture) throws {
        guard case .event(let event) = BotFrame(parsing: fixture.bytes) else {
            Issue.record("\(fixture) is no event")
            return
        }
        let key = Exchanges.eventKey(event, of: SelfID(BotFixture.account))
        let words = key.text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let sub = try JSONObject(fixture.bytes)["sub_type"]?.string
        #expect(words == ["10001", event.postType, try #require(event.detailType), sub ?? "_"])
        #expect(Exchanges.bot(inEventKey: key) == SelfID(BotFixture.account))
        #expect((Exchanges.kind(ofEventKey: key) == .heartbeat) == event.isHeartbeat)
    }

    @Test(
        "each event's chat is its group, else its user, else none", arguments: try BotFixture.all(of: BotFixture.events)
    )
    func chat(_ fixture: BotFixture) throws {
        let event = try JSONObject(fixture.bytes)
        func id(_ key: String) -> Int64? {
            let number = event[key]?.int64 ?? event[key]?.string.flatMap { Int64($0) }
            return number == 0 ? nil : number
        }
        let expected = id("group_id").map { "group.\($0)" } ?? id("user_id").map { "user.\($0)" } ?? "none"
        #expect(Chat(of: event).text == expected)
        #expect(Exchanges.isWord(String(expected.drop { $0 != "." }.dropFirst())) || expected == "none")
    }
}
