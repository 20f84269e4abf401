import NIOCore
import OneBot
import TestSupport
import Testing

@testable import WSEdge

@Suite("Which events of today's bots a client wants")
struct BotFixtureFilterTests {
    /// Whether the event concerns the account, or happens in no chat: then it reaches everybody, whatever chats they
    /// listed.
    private static func concernsEverybody(_ fixture: BotFixture) -> Bool {
        let names: Set = [
            "notice-client-status", "notice-flash-file", "notice-friend-poke-mine", "notice-online-file-receive",
            "notice-profile-like",
        ]
        return fixture.kind == .meta || fixture.name.hasPrefix("notice-bot-o") || names.contains(fixture.name)
    }

    /// Whether it happens in one of the groups.
    private static func isInGroup(_ fixture: BotFixture) -> Bool {
        let words = fixture.name.split(separator: "-")
        return words.contains("group") && !words.contains("private")
    }

    private func passes(_ fixture: BotFixture, _ lists: [EventFilter.List: String]) -> Bool {
        var filter = EventFilter()
        for (list, text) in lists { #expect(filter.restrict(list, to: [text]) == nil) }
        return filter.passes(EventView(fixture.bytes, of: SelfID(BotFixture.account)))
    }

    @Test(
        "who listed other chats hears what concerns the account, and nothing else",
        arguments: try BotFixture.all(of: BotFixture.events))
    func strangers(_ fixture: BotFixture) {
        for lists: [EventFilter.List: String] in [
            [.groupIDs: "999"], [.userIDs: "999"], [.groupIDs: "999", .userIDs: "999"],
        ] {
            #expect(passes(fixture, lists) == Self.concernsEverybody(fixture), "\(lists)")
        }
    }

    @Test(
        "who listed the groups hears all of them, and nothing private",
        arguments: try BotFixture.all(of: BotFixture.events))
    func groups(_ fixture: BotFixture) {
        let isHeard = Self.isInGroup(fixture) || Self.concernsEverybody(fixture)
        #expect(passes(fixture, [.groupIDs: "30003,30004"]) == isHeard)
    }

    @Test(
        "what concerns a whole group is heard by who listed the group and some of its members",
        arguments: BotFixture.Implementation.allCases)
    func wholeGroup(of implementation: BotFixture.Implementation) throws {
        let ban = try BotFixture(implementation, "notice-group-ban-all")
        #expect(passes(ban, [.groupIDs: "30003", .userIDs: "20002"]))
        #expect(!passes(ban, [.groupIDs: "999", .userIDs: "20002"]))
    }

    @Test(
        "private messages are about who wrote them, or whom they were written to, whatever group is named",
        arguments: try BotFixture.all(of: [.message]))
    func privately(_ fixture: BotFixture) {
        guard fixture.name.contains("private") else { return }
        let user = fixture.name.contains("temporary") ? "20009" : "20002"
        #expect(passes(fixture, [.userIDs: user]))
        #expect(passes(fixture, [.userIDs: user, .groupIDs: "999"]))
        #expect(!passes(fixture, [.userIDs: "20001", .groupIDs: "30003"]))
    }

    @Test("types are told as in any event", arguments: try BotFixture.all(of: BotFixture.events))
    func types(_ fixture: BotFixture) {
        let postType =
            fixture.kind == .meta
            ? "meta_event" : fixture.name.hasPrefix("message-sent") ? "message_sent" : fixture.kind.rawValue
        for type in EventFilter.knownPostTypes { #expect(passes(fixture, [.postTypes: type]) == (type == postType)) }
        #expect(passes(fixture, [.selfIDs: "10001"]) && !passes(fixture, [.selfIDs: "10002"]))
    }

    @Test(
        "a notice that the account is offline reaches everybody, with the account as a number, as text, as 0 or not at all"
    )
    func offline() throws {
        let names = ["notice-bot-offline", "notice-bot-offline-without-account"]
        for name in names { #expect(passes(try BotFixture(.napcat, name), [.userIDs: "7", .groupIDs: "7"])) }
        for user in ["10001", #""10001""#, "0", #""0""#, "null", "10001.0"] {
            let event = EventView(
                .init(string: #"{"post_type":"notice","notice_type":"bot_offline","group_id":0,"user_id":\#(user)}"#),
                of: SelfID(BotFixture.account))
            var filter = EventFilter()
            #expect(filter.restrict(.userIDs, to: ["7"]) == nil && filter.passes(event), "user_id \(user)")
        }
    }

    @Test("a notice of the account within a group is the group's, and one of another account is that person's")
    func notTheAccount() throws {
        let removed = try BotFixture(.napcat, "notice-group-decrease-me")
        #expect(!passes(removed, [.groupIDs: "7"]) && passes(removed, [.groupIDs: "30003"]))
        let event = try EventView(BotFixture(.napcat, "notice-bot-offline").bytes, of: SelfID(5))
        var filter = EventFilter()
        #expect(filter.restrict(.userIDs, to: ["7"]) == nil && !filter.passes(event))
    }
}
