import NIOCore
import OneBot
import Testing

@testable import WSEdge

@Suite("What a webhook's answer asks for")
struct QuickOperationTests {
    /// An answer to an event, and the actions it stands for, as `name params`.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let event: String
        let answer: String
        let calls: [String]
        var ignored = 0
    }

    static let friend =
        #"{"post_type":"message","message_type":"private","sub_type":"friend","self_id":1,"message_id":7,"user_id":12345678901234567890}"#
    static let group =
        #"{"post_type":"message","message_type":"group","sub_type":"normal","self_id":1,"message_id":-7,"group_id":20002,"user_id":10003,"anonymous":null}"#
    static let anonymous =
        #"{"post_type":"message","message_type":"group","sub_type":"anonymous","self_id":1,"message_id":7,"group_id":20002,"user_id":80000000,"anonymous":{"id":5,"name":"Cat","flag":"f|1"}}"#
    static let friendRequest =
        #"{"post_type":"request","request_type":"friend","self_id":1,"user_id":3,"comment":"hi","flag":"F-1"}"#
    static let groupRequest =
        #"{"post_type":"request","request_type":"group","sub_type":"add","self_id":1,"user_id":3,"group_id":4,"flag":"G-1"}"#
    static let invitation =
        #"{"post_type":"request","request_type":"group","sub_type":"invite","self_id":1,"user_id":3,"group_id":4,"flag":9007199254740993}"#
    static let notice = #"{"post_type":"notice","notice_type":"group_increase","self_id":1,"group_id":4,"user_id":3}"#
    static let at = #"{"type":"at","data":{"qq":"10003"}}"#

    static let messages: [Case] = [
        Case(
            testDescription: "a private reply, the number's digits untouched", event: friend,
            answer: #"{"reply":"hi [CQ:face,id=1]"}"#,
            calls: [#"send_private_msg {"user_id":12345678901234567890,"message":"hi [CQ:face,id=1]"}"#]),
        Case(
            testDescription: "a private reply as plain text", event: friend,
            answer: #"{"reply":"[CQ:face]","auto_escape":true}"#,
            calls: [
                #"send_private_msg {"user_id":12345678901234567890,"message":"[CQ:face]","auto_escape":true}"#
            ]),
        Case(
            testDescription: "a private reply in segments, byte for byte; there is nothing to escape in them",
            event: friend, answer: #"{"reply":[ {"type":"text", "data":{"text":"é\u00e9"}} ],"auto_escape":true}"#,
            calls: [
                #"send_private_msg {"user_id":12345678901234567890,"message":[ {"type":"text", "data":{"text":"é\u00e9"}} ]}"#
            ]),
        Case(
            testDescription: "what is for groups does nothing in private", event: friend,
            answer: #"{"delete":true,"kick":true,"ban":true,"at_sender":true}"#, calls: []),
        Case(
            testDescription: "a stranger is answered through the group they wrote from",
            event:
                #"{"post_type":"message","message_type":"private","sub_type":"group","user_id":3,"sender":{"group_id":4}}"#,
            answer: #"{"reply":"x"}"#, calls: [#"send_private_msg {"user_id":3,"group_id":4,"message":"x"}"#]),
        Case(
            testDescription: "a message of the account's own is answered where it went",
            event: #"{"post_type":"message","message_type":"private","self_id":1,"user_id":1,"target_id":3}"#,
            answer: #"{"reply":"x"}"#, calls: [#"send_private_msg {"user_id":3,"message":"x"}"#]),
        Case(
            testDescription: "one of anybody else goes back to who sent it",
            event: #"{"post_type":"message","message_type":"private","self_id":1,"user_id":3,"target_id":1}"#,
            answer: #"{"reply":"x"}"#, calls: [#"send_private_msg {"user_id":3,"message":"x"}"#]),
        Case(
            testDescription: "a group reply mentions the sender", event: group, answer: #"{"reply":"é\n\"x\""}"#,
            calls: [#"send_group_msg {"group_id":20002,"message":"[CQ:at,qq=10003] é\n\"x\""}"#]),
        Case(
            testDescription: "a group reply without mention", event: group,
            answer: #"{"reply":"x","at_sender":false}"#, calls: [#"send_group_msg {"group_id":20002,"message":"x"}"#]),
        Case(
            testDescription: "a plain text with a mention needs segments", event: group,
            answer: #"{"reply":"[CQ:x]","auto_escape":true}"#,
            calls: [
                #"send_group_msg {"group_id":20002,"message":[\#(at),{"type":"text","data":{"text":" [CQ:x]"}}]}"#
            ]),
        Case(
            testDescription: "a mention before a list of segments", event: group,
            answer: #"{"reply":[{"type":"face","data":{"id":"1"}},{"type":"rps"}]}"#,
            calls: [
                #"send_group_msg {"group_id":20002,"message":[\#(at),{"type":"text","data":{"text":" "}},{"type":"face","data":{"id":"1"}},{"type":"rps"}]}"#
            ]),
        Case(
            testDescription: "a mention before one segment", event: group, answer: #"{"reply":{"type":"rps"}}"#,
            calls: [
                #"send_group_msg {"group_id":20002,"message":[\#(at),{"type":"text","data":{"text":" "}},{"type":"rps"}]}"#
            ]),
        Case(
            testDescription: "an anonymous sender is not mentioned, and cannot be kicked", event: anonymous,
            answer: #"{"reply":"x","at_sender":true,"kick":true}"#,
            calls: [#"send_group_msg {"group_id":20002,"message":"x"}"#], ignored: 1),
        Case(
            testDescription: "everything at once, in the standard's order", event: group,
            answer: #"{"ban":true,"kick":true,"delete":true,"reply":"x","at_sender":false,"ban_duration":60}"#,
            calls: [
                #"send_group_msg {"group_id":20002,"message":"x"}"#, #"delete_msg {"message_id":-7}"#,
                #"set_group_kick {"group_id":20002,"user_id":10003,"reject_add_request":false}"#,
                #"set_group_ban {"group_id":20002,"user_id":10003,"duration":60}"#,
            ]),
        Case(
            testDescription: "half an hour where no duration is said", event: group, answer: #"{"ban":true}"#,
            calls: [#"set_group_ban {"group_id":20002,"user_id":10003,"duration":1800}"#]),
        Case(
            testDescription: "an anonymous sender is banned by flag", event: anonymous,
            answer: #"{"ban":true,"ban_duration":0}"#,
            calls: [
                #"set_group_anonymous_ban {"group_id":20002,"anonymous":{"id":5,"name":"Cat","flag":"f|1"},"flag":"f|1","duration":0}"#
            ]),
        Case(
            testDescription: "what is false or null does nothing", event: group,
            answer: #"{"reply":null,"delete":false,"kick":null,"ban":false,"ban_duration":5,"at_sender":null}"#,
            calls: []
        ),
    ]

    static let requests: [Case] = [
        Case(
            testDescription: "a friend is accepted, with a remark", event: friendRequest,
            answer: #"{"approve":true,"remark":"Bo"}"#,
            calls: [#"set_friend_add_request {"flag":"F-1","approve":true,"remark":"Bo"}"#]),
        Case(
            testDescription: "a friend is refused: no remark", event: friendRequest,
            answer: #"{"approve":false,"remark":"Bo"}"#,
            calls: [#"set_friend_add_request {"flag":"F-1","approve":false}"#]),
        Case(
            testDescription: "who joins is accepted: no reason", event: groupRequest,
            answer: #"{"approve":true,"reason":"no"}"#,
            calls: [#"set_group_add_request {"flag":"G-1","sub_type":"add","approve":true}"#]),
        Case(
            testDescription: "an invitation is refused, with a reason", event: invitation,
            answer: #"{"approve":false,"reason":"no"}"#,
            calls: [
                #"set_group_add_request {"flag":9007199254740993,"sub_type":"invite","approve":false,"reason":"no"}"#
            ]),
        Case(
            testDescription: "nothing is decided without a verdict", event: friendRequest,
            answer: #"{"remark":"Bo"}"#, calls: []),
        Case(testDescription: "an empty answer", event: notice, answer: "{}", calls: []),
    ]

    static let converted: [Case] = [
        Case(
            testDescription: "flags as texts and numbers", event: group,
            answer: #"{"delete":"true","kick":1,"reject_add_request":"yes","ban":0,"at_sender":"no","reply":"x"}"#,
            calls: [
                #"send_group_msg {"group_id":20002,"message":"x"}"#, #"delete_msg {"message_id":-7}"#,
                #"set_group_kick {"group_id":20002,"user_id":10003,"reject_add_request":true}"#,
            ]),
        Case(
            testDescription: "a duration as a text", event: group, answer: #"{"ban":"1","ban_duration":"60"}"#,
            calls: [#"set_group_ban {"group_id":20002,"user_id":10003,"duration":60}"#]),
        Case(
            testDescription: "who is kicked for good", event: group,
            answer: #"{"kick":true,"reject_add_request":true}"#,
            calls: [#"set_group_kick {"group_id":20002,"user_id":10003,"reject_add_request":true}"#]),
        Case(
            testDescription: "a number to reply, and to escape as a text", event: friend,
            answer: #"{"reply":12345678901234567890,"auto_escape":"1"}"#,
            calls: [
                #"send_private_msg {"user_id":12345678901234567890,"message":"12345678901234567890","auto_escape":true}"#
            ]),
        Case(
            testDescription: "a verdict and a remark", event: friendRequest, answer: #"{"approve":"true","remark":5}"#,
            calls: [#"set_friend_add_request {"flag":"F-1","approve":true,"remark":"5"}"#]),
        Case(
            testDescription: "a verdict that is no", event: invitation, answer: #"{"approve":"0","reason":"x"}"#,
            calls: [
                #"set_group_add_request {"flag":9007199254740993,"sub_type":"invite","approve":false,"reason":"x"}"#
            ]),
    ]

    static let mistakes: [Case] = [
        Case(
            testDescription: "flags that are none: none is done", event: group,
            answer: #"{"delete":"maybe","kick":2,"ban":{},"at_sender":"perhaps","reply":"x"}"#, calls: [], ignored: 4),
        Case(
            testDescription: "a duration that is none: nobody is banned for another", event: group,
            answer: #"{"ban":true,"ban_duration":"1h"}"#, calls: [], ignored: 1),
        Case(
            testDescription: "an empty duration", event: group, answer: #"{"ban":true,"ban_duration":""}"#, calls: [],
            ignored: 1),
        Case(
            testDescription: "a kick of which it is not clear for how long", event: group,
            answer: #"{"kick":true,"reject_add_request":[]}"#, calls: [], ignored: 1),
        Case(
            testDescription: "a reply of which it is not clear whether it is a code", event: friend,
            answer: #"{"reply":"[CQ:face,id=1]","auto_escape":"?"}"#, calls: [], ignored: 1),
        Case(testDescription: "an empty text", event: friend, answer: #"{"reply":""}"#, calls: [], ignored: 1),
        Case(testDescription: "an empty list", event: friend, answer: #"{"reply":[]}"#, calls: [], ignored: 1),
        Case(testDescription: "a boolean", event: friend, answer: #"{"reply":true}"#, calls: [], ignored: 1),
        Case(
            testDescription: "a remark that is no text", event: friendRequest, answer: #"{"approve":true,"remark":[]}"#,
            calls: [], ignored: 1),
        Case(
            testDescription: "a verdict that is none", event: friendRequest, answer: #"{"approve":"ok"}"#, calls: [],
            ignored: 1),
        Case(
            testDescription: "an event without what the action needs",
            event: #"{"post_type":"message","message_type":"group"}"#,
            answer: #"{"reply":"x","delete":true,"kick":true,"ban":true}"#, calls: [], ignored: 4),
        Case(
            testDescription: "an anonymous sender without a flag",
            event: #"{"post_type":"message","message_type":"group","sub_type":"anonymous","group_id":1}"#,
            answer: #"{"ban":true}"#, calls: [], ignored: 1),
        Case(
            testDescription: "a request without its flag",
            event: #"{"post_type":"request","request_type":"group","sub_type":"add"}"#,
            answer: #"{"approve":true}"#, calls: [], ignored: 1),
        Case(
            testDescription: "an event that has no quick operations", event: notice, answer: #"{"reply":"x"}"#,
            calls: [], ignored: 1),
        Case(
            testDescription: "a sender whose number is none is not mentioned",
            event: #"{"post_type":"message","message_type":"group","group_id":1,"user_id":"[CQ:x]"}"#,
            answer: #"{"reply":"x"}"#, calls: [#"send_group_msg {"group_id":1,"message":"x"}"#]),
    ]

    @Test("each member becomes its action", arguments: messages + requests)
    func meaning(_ test: Case) throws { try expect(test) }

    @Test("a member of another type is what a form's would be", arguments: converted)
    func conversion(_ test: Case) throws { try expect(test) }

    @Test("webhooks[].at_sender decides where the answer does not", arguments: [true, false])
    func atSender(_ atSender: Bool) throws {
        let plain = #"{"group_id":20002,"message":"x"}"#
        let mentioning = #"{"group_id":20002,"message":"[CQ:at,qq=10003] x"}"#
        for (said, mentions) in [
            ("", atSender), (#","at_sender":null"#, atSender), (#","at_sender":true"#, true),
            (#","at_sender":false"#, false),
        ] {
            let operation = try operation(#"{"reply":"x"\#(said)}"#, to: Self.group, atSender: atSender)
            #expect(operation.calls.map { String(buffer: $0.params) } == [mentions ? mentioning : plain])
        }
    }

    @Test("what is wrong is not done, and said", arguments: mistakes)
    func mistake(_ test: Case) throws { try expect(test) }

    private func expect(_ test: Case) throws {
        let operation = try operation(test.answer, to: test.event)
        #expect(operation.calls.map { "\($0.name) \(String(buffer: $0.params))" } == test.calls)
        #expect(operation.ignored.count == test.ignored, "\(operation.ignored)")
    }

    private func operation(_ answer: String, to event: String, atSender: Bool = true) throws -> QuickOperation {
        guard case .event(let event) = BotFrame(parsing: ByteBuffer(string: event)) else {
            throw NotAnEvent(text: event)
        }
        return QuickOperation(try JSONObject(ByteBuffer(string: answer)), to: event, atSender: atSender)
    }

    private struct NotAnEvent: Error { let text: String }

    @Test("an action is a frame whose echo says which one it was")
    func frame() throws {
        let call = try #require(try operation(#"{"delete":true}"#, to: Self.group).calls.first)
        #expect(
            String(buffer: call.frame) == #"{"action":"delete_msg","params":{"message_id":-7},"echo":"delete_msg"}"#)
    }

    @Test("whatever is answered to whatever event, every action is well formed")
    func anything() throws {
        let values = [
            "null", "true", "false", "0", "-1.5e3", #""""#, #""x""#, #""\"]}""#, "[]", "[1]", #"[{"type":"x"}]"#, "{}",
            #"{"flag":null}"#,
        ]
        let members = [
            "reply", "auto_escape", "at_sender", "delete", "kick", "reject_add_request", "ban", "ban_duration",
            "approve", "remark", "reason",
        ]
        let fields = ["sub_type", "user_id", "group_id", "message_id", "flag", "anonymous", "sender"]
        let kinds = [
            #""post_type":"message","message_type":"private""#, #""post_type":"message","message_type":"group""#,
            #""post_type":"request","request_type":"friend""#, #""post_type":"request","request_type":"group""#,
        ]
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            func pairs(_ names: [String]) -> String {
                names.filter { _ in Bool.random(using: &generator) }
                    .map { #""\#($0)":\#(values.randomElement(using: &generator) ?? "null")"# }.joined(separator: ",")
            }
            let (answer, rest) = ("{\(pairs(members))}", pairs(fields))
            let event = "{\(kinds.randomElement(using: &generator) ?? kinds[0])\(rest.isEmpty ? "" : ",")\(rest)}"
            for call in try operation(answer, to: event).calls {
                let action = try? Action(parsing: call.frame)
                #expect(action?.name == call.name && action?.params != nil, "\(answer) to \(event)")
            }
        }
    }
}
