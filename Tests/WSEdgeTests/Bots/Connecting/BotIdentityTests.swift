import NIOCore
import OneBot
import Testing

@testable import WSEdge

@Suite("BotIdentity")
struct BotIdentityTests {
    private func frame(_ text: String) -> BotFrame { BotFrame(parsing: ByteBuffer(string: text)) }

    /// The echo of our question.
    private func login(_ question: ByteBuffer?) throws -> String {
        let question = try JSONObject(try #require(question))
        #expect(question["action"]?.string == "get_login_info")
        return try #require(question["echo"]?.string)
    }

    @Test("any event tells who the bot is")
    func fromEvent() {
        var identity = BotIdentity(nil)
        #expect(identity.read(frame(#"{"post_type":"message","self_id":10001}"#)) == .learnt(SelfID(10001)))
        #expect(identity.read(frame(#"{"post_type":"message","self_id":10002}"#)) == .none)
        #expect(identity.selfID == SelfID(10001))
    }

    @Test("a self_id that is missing, 0 or negative tells nothing", arguments: ["0", "-1", "null", #""x""#])
    func unknownID(id: String) {
        var identity = BotIdentity(nil)
        #expect(identity.read(frame(#"{"post_type":"meta_event","self_id":\#(id)}"#)) == .none)
        #expect(identity.read(frame(#"{"post_type":"meta_event"}"#)) == .none)
        #expect(identity.selfID == nil)
    }

    @Test("the answer to our own question tells it, and is kept from clients", arguments: ["10001", #""10001""#])
    func fromAnswer(id: String) throws {
        var identity = BotIdentity(nil)
        let echo = try login(identity.question())
        let answer = frame(#"{"status":"ok","retcode":0,"data":{"user_id":\#(id)},"echo":"\#(echo)"}"#)
        #expect(identity.read(answer) == .answerToUs(SelfID(10001)))
        #expect(identity.question() == nil)
    }

    @Test(
        "a failed answer leaves the question open", arguments: ["null", "{}", #"{"user_id":0}"#, #"{"user_id":null}"#])
    func failedAnswer(data: String) throws {
        var identity = BotIdentity(nil)
        let echo = try login(identity.question())
        #expect(
            identity.read(frame(#"{"status":"failed","retcode":1,"data":\#(data),"echo":"\#(echo)"}"#))
                == .answerToUs(nil))
        #expect(identity.question() != nil)
    }

    @Test("a bot that is known is not asked")
    func known() {
        var identity = BotIdentity(SelfID(1))
        #expect(identity.question() == nil)
    }

    @Test("other answers are somebody else's")
    func otherAnswers() {
        var identity = BotIdentity(nil)
        _ = identity.question()
        #expect(identity.read(frame(#"{"status":"ok","retcode":0,"data":{"user_id":5},"echo":"p-1"}"#)) == .none)
    }
}
