import Contracts
import NIOCore
import OneBot
import Testing

@Suite("Which chat an event belongs to")
struct ChatTests {
    @Test(
        "its group, else its user, else the one for all the rest",
        arguments: [
            (#"{"group_id":30001,"user_id":20001}"#, "group.30001"),
            (#"{"user_id":20001}"#, "user.20001"),
            (#"{"group_id":null,"user_id":20001}"#, "user.20001"),
            (#"{"group_id":0,"user_id":20001}"#, "user.20001"),
            (#"{"group_id":"30001"}"#, "group.30001"),
            (#"{"group_id":-7}"#, "group.-7"),
            (#"{"group_id":"abc_D-1"}"#, "group.abc_D-1"),
            (#"{"group_id":""}"#, "none"),
            (#"{"group_id":[],"user_id":{}}"#, "none"),
            (#"{"post_type":"meta_event"}"#, "none"),
        ])
    func key(event: String, chat: String) throws {
        #expect(Chat(of: try JSONObject(ByteBuffer(string: event))).text == chat)
    }

    @Test("an id of any text stays apart from others, and fits a header")
    func oddIDs() throws {
        let texts = ["a,b=c", "a b", String(repeating: "x", count: 5_000)]
        let chats = try texts.map { text in
            Chat(of: try JSONObject(ByteBuffer(string: #"{"group_id":"\#(text)"}"#))).text
        }
        #expect(Set(chats).count == 3)
        for chat in chats { #expect(chat.utf8.count < 48 && !chat.contains(",") && !chat.contains("=")) }
    }
}
