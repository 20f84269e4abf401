import NIOCore
import OneBot
import Testing

@testable import WSEdge

@Suite("Which events a client wants")
struct EventFilterTests {
    private let bot = SelfID(10001)

    private func filter(_ lists: [EventFilter.List: String]) -> EventFilter {
        var filter = EventFilter()
        for (list, text) in lists { #expect(filter.restrict(list, to: [text]) == nil) }
        return filter
    }

    private func passes(_ event: String, _ lists: [EventFilter.List: String]) -> Bool {
        filter(lists).passes(EventView(ByteBuffer(string: event), of: bot))
    }

    private static let group = #"{"post_type":"message","message_type":"group","group_id":1,"user_id":7}"#
    private static let direct = #"{"post_type":"message","message_type":"private","user_id":7}"#
    private static let zero = #"{"post_type":"message","message_type":"private","group_id":0,"user_id":7}"#
    private static let ban = #"{"post_type":"notice","notice_type":"group_ban","group_id":1}"#
    private static let added = #"{"post_type":"request","request_type":"friend","user_id":7}"#
    private static let offline = #"{"post_type":"notice","notice_type":"bot_offline"}"#
    private static let strange = #"{"post_type":"message","message_type":"group","group_id":"1","user_id":"7"}"#

    @Test("without lists everything passes")
    func empty() {
        #expect(EventFilter().isEmpty)
        for event in [Self.group, Self.direct, Self.ban, Self.added, Self.offline, #"{"post_type":"new"}"#] {
            #expect(passes(event, [:]))
            #expect(passes(event, [.postTypes: "", .groupIDs: " , "]), "an empty list restricts nothing")
        }
    }

    @Test(
        "types narrow by what an event is",
        arguments: [
            (group, [EventFilter.List.postTypes: "message,notice"], true),
            (added, [.postTypes: "message,notice"], false),
            (group, [.detailTypes: "private"], false), (direct, [.detailTypes: "private friend"], true),
            (added, [.detailTypes: "private,friend"], true),
            (added, [.postTypes: "message", .detailTypes: "friend"], false),
        ])
    func types(event: String, lists: [EventFilter.List: String], passes: Bool) {
        #expect(self.passes(event, lists) == passes)
    }

    @Test(
        "a listed group, of it listed users, and private chats with listed users",
        arguments: [
            (group, [EventFilter.List.groupIDs: "1"], true), (group, [.groupIDs: "2,3"], false),
            (direct, [.groupIDs: "1"], false),
            (added, [.groupIDs: "1"], false), (ban, [.groupIDs: "1"], true),
            (group, [.userIDs: "7"], true), (group, [.userIDs: "8"], false), (direct, [.userIDs: "7"], true),
            (direct, [.userIDs: "8"], false), (ban, [.userIDs: "7"], false),
            (group, [.groupIDs: "1", .userIDs: "7"], true), (group, [.groupIDs: "1", .userIDs: "8"], false),
            (zero, [.groupIDs: "1", .userIDs: "7"], true), (zero, [.groupIDs: "1"], false),
            (group, [.groupIDs: "2", .userIDs: "7"], false), (direct, [.groupIDs: "1", .userIDs: "7"], true),
            (direct, [.groupIDs: "1", .userIDs: "8"], false), (ban, [.groupIDs: "1", .userIDs: "8"], true),
            (offline, [.groupIDs: "1"], true), (offline, [.userIDs: "1"], true),
            (strange, [.groupIDs: "1", .userIDs: "7"], true), (strange, [.groupIDs: "2"], false),
        ])
    func chats(event: String, lists: [EventFilter.List: String], passes: Bool) {
        #expect(self.passes(event, lists) == passes)
    }

    @Test(
        "what is excluded is left out, whatever else is listed; what is in no such chat passes",
        arguments: [
            (group, [EventFilter.List.excludedGroupIDs: "1"], false), (group, [.excludedGroupIDs: "2,3"], true),
            (group, [.groupIDs: "1,2", .excludedGroupIDs: "1"], false), (ban, [.excludedGroupIDs: "1"], false),
            (group, [.userIDs: "7", .excludedGroupIDs: "1"], false), (direct, [.excludedGroupIDs: "1"], true),
            (zero, [.excludedGroupIDs: "1"], true), (strange, [.excludedGroupIDs: "1"], false),
            (group, [.excludedUserIDs: "7"], false), (direct, [.excludedUserIDs: "7"], false),
            (added, [.excludedUserIDs: "7"], false), (group, [.excludedUserIDs: "8"], true),
            (group, [.groupIDs: "1", .excludedUserIDs: "7"], false), (ban, [.excludedUserIDs: "7"], true),
            (direct, [.userIDs: "7,8", .excludedUserIDs: "7"], false),
            (direct, [.groupIDs: "1", .excludedUserIDs: "8"], false),
            (offline, [.excludedGroupIDs: "1", .excludedUserIDs: "1"], true),
        ])
    func exclusion(event: String, lists: [EventFilter.List: String], passes: Bool) {
        #expect(self.passes(event, lists) == passes)
    }

    @Test("bots are told apart, and a private message the bot sent itself is about whom it was sent to")
    func bots() {
        #expect(passes(Self.group, [.selfIDs: "10001"]))
        #expect(!passes(Self.group, [.selfIDs: "10002"]))
        let sent = #"{"post_type":"message_sent","message_type":"private","user_id":10001,"target_id":7}"#
        #expect(passes(sent, [.userIDs: "7"]))
        #expect(!passes(sent, [.userIDs: "10001"]))
        #expect(!passes(sent, [.excludedUserIDs: "7"]))
        #expect(passes(sent, [.excludedUserIDs: "10001"]))
    }

    @Test(
        "an item that makes no sense is named, and changes nothing",
        arguments: [
            (EventFilter.List.postTypes, "message,mesage", "mesage"), (.detailTypes, "group a.b", "a.b"),
            (.groupIDs, "1,x,2", "x"),
            (.userIDs, "1.5", "1.5"), (.selfIDs, "*", "*"), (.groupIDs, "99999999999999999999", "99999999999999999999"),
            (.groupIDs, "1,-2", "-2"), (.userIDs, "0", "0"), (.selfIDs, "-1", "-1"), (.excludedGroupIDs, "0 1", "0"),
            (.excludedUserIDs, "-7", "-7"), (.excludedUserIDs, "x", "x"),
        ])
    func wrong(list: EventFilter.List, text: String, item: String) {
        var filter = EventFilter()
        #expect(filter.restrict(list, to: [text]) == item)
        #expect(filter.isEmpty)
    }
}
