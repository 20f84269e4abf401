import NIOCore
import OneBot
import Testing

@testable import SimulatedBot

@Suite struct BotAnswersTests {
    private let answers = BotAnswers(account: Account(selfID: SelfID(10001)))

    @Test(
        "an action of the standard is answered",
        arguments: [
            ("get_login_info", "{}", #"{"user_id":10001,"nickname":"Simulated Bot"}"#),
            ("send_private_msg", #"{"user_id":1,"message":"hi"}"#, #"{"message_id":1}"#),
            ("send_group_msg", #"{"group_id":"30001","message":[]}"#, #"{"message_id":1}"#),
            ("send_msg", #"{"message_type":"group","group_id":30001,"message":"hi"}"#, #"{"message_id":1}"#),
            ("send_msg", #"{"user_id":1,"message":{"type":"rps","data":{}}}"#, #"{"message_id":1}"#),
            (
                "get_stranger_info", #"{"user_id":20001}"#,
                #"{"user_id":20001,"nickname":"Ada","sex":"female","age":36}"#
            ),
            ("can_send_image", "{}", #"{"yes":true}"#),
            ("get_status", "{}", #"{"online":true,"good":true}"#),
            ("set_group_kick", #"{"group_id":30001,"user_id":1}"#, "null"),
            (".handle_quick_operation", #"{"context":{},"operation":{}}"#, "null"),
        ])
    func answered(name: String, params: String, data: String) throws {
        let answer = try answer(name, params)
        #expect(answer.status == "ok")
        #expect(answer.retcode == 0)
        #expect(answer.data == data)
    }

    @Test("lists are arrays", arguments: ["get_friend_list", "get_group_list"])
    func lists(name: String) throws {
        #expect(try answer(name, "{}").data.hasPrefix("[{"))
    }

    @Test(
        "an action that cannot be carried out is refused, and the message says why",
        arguments: [
            ("no_such_action", "{}", 1404, "no_such_action"),
            ("send_private_msg", #"{"message":"hi"}"#, 1400, "user_id"),
            ("send_private_msg", #"{"user_id":1}"#, 1400, "message"),
            ("send_private_msg", #"{"user_id":1.5,"message":"hi"}"#, 1400, "user_id"),
            ("send_private_msg", #"{"user_id":1,"message":7}"#, 1400, "message"),
            ("set_group_ban", #"{"group_id":1}"#, 1400, "user_id"),
            ("get_msg", #"{"message_id":99}"#, 100, "99"),
            ("get_group_member_info", #"{"group_id":30001,"user_id":5}"#, 100, "5"),
        ])
    func refused(name: String, params: String, retcode: Int64, word: String) throws {
        let answer = try answer(name, params)
        #expect(answer.status == "failed")
        #expect(answer.retcode == retcode)
        #expect(answer.message?.contains(word) == true)
    }

    @Test("asynchronous actions are accepted", arguments: ["send_msg_async", "send_msg_rate_limited"])
    func asynchronous(name: String) throws {
        let answer = try answer(name, #"{"user_id":1,"message":"hi"}"#)
        #expect(answer.status == "async")
        #expect(answer.retcode == 1)
    }

    @Test("set_restart is accepted")
    func restart() throws {
        #expect(try answer("set_restart", "{}").status == "async")
    }

    @Test("what was sent can be read again, and deleted once")
    func memory() throws {
        var memory = MessageMemory()
        _ = try answer("send_group_msg", #"{"group_id":30001,"message":"héllo"}"#, &memory)
        let read = try answer("get_msg", #"{"message_id":1}"#, &memory)
        #expect(read.data.contains(#""message":[{"type":"text","data":{"text":"héllo"}}]"#))
        #expect(try answer("delete_msg", #"{"message_id":1}"#, &memory).status == "ok")
        #expect(try answer("delete_msg", #"{"message_id":1}"#, &memory).status == "failed")
    }

    @Test("only a ping in a group the account is in is answered by a pong")
    func ping() throws {
        var memory = MessageMemory()
        func pong(_ name: String, _ params: String) throws -> Int64? {
            let action = Action(name: name, params: try JSONObject(ByteBuffer(string: params)))
            return answers.answer(action, at: 1, remembering: &memory).pongIn?.groupID
        }
        #expect(try pong("send_group_msg", #"{"group_id":30002,"message":"a ping!"}"#) == 30002)
        #expect(try pong("send_group_msg", #"{"group_id":30002,"message":"hello"}"#) == nil)
        #expect(try pong("send_group_msg", #"{"group_id":5,"message":"ping"}"#) == nil)
        #expect(try pong("send_private_msg", #"{"user_id":5,"message":"ping"}"#) == nil)
    }

    // MARK: The answer as a client reads it

    private struct Read {
        let status: String?
        let retcode: Int64?
        let data: String
        let message: String?
    }

    private func answer(_ name: String, _ params: String) throws -> Read {
        var memory = MessageMemory()
        return try answer(name, params, &memory)
    }

    private func answer(_ name: String, _ params: String, _ memory: inout MessageMemory) throws -> Read {
        let action = Action(name: name, params: try JSONObject(ByteBuffer(string: params)))
        let response = answers.answer(action, at: 1, remembering: &memory).response
        let json = try JSONObject(response.encoded(echo: nil))
        return Read(
            status: json["status"]?.string, retcode: json["retcode"]?.int64,
            data: json["data"].map { String(buffer: $0.bytes) } ?? "(absent)", message: json["msg"]?.string)
    }
}
