import Bus
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import APIGateway

/// Every action of OneBot 11's public API with every parameter it has (api/public.md, api/hidden.md), and the types
/// they have in JSON.
@Suite("OneBot 11's actions over HTTP")
struct PublicActionTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let action: String
        /// As in a query.
        var query = ""
        /// The parameters as the bot gets them.
        var params: String?
        var testDescription: String { action }

        init(_ action: String, _ query: String = "", _ params: String? = nil) {
            self.action = action
            self.query = query
            self.params = params
        }
    }

    static let rows = [
        Row(
            "send_private_msg", "user_id=10001&message=hi%20there&auto_escape=true",
            #"{"user_id":10001,"message":"hi there","auto_escape":true}"#),
        Row(
            "send_group_msg", "group_id=20002&message=5&auto_escape=false",
            #"{"group_id":20002,"message":"5","auto_escape":false}"#),
        Row(
            "send_msg", "message_type=group&user_id=1&group_id=2&message=%5BCQ:face,id=1%5D&auto_escape=1",
            #"{"message_type":"group","user_id":1,"group_id":2,"message":"[CQ:face,id=1]","auto_escape":true}"#),
        Row("delete_msg", "message_id=-2147483648", #"{"message_id":-2147483648}"#),
        Row("get_msg", "message_id=7", #"{"message_id":7}"#),
        Row("get_forward_msg", "id=123", #"{"id":"123"}"#),
        Row("send_like", "user_id=1&times=10", #"{"user_id":1,"times":10}"#),
        Row(
            "set_group_kick", "group_id=2&user_id=1&reject_add_request=true",
            #"{"group_id":2,"user_id":1,"reject_add_request":true}"#),
        Row("set_group_ban", "group_id=2&user_id=1&duration=0", #"{"group_id":2,"user_id":1,"duration":0}"#),
        Row(
            "set_group_anonymous_ban",
            "group_id=2&anonymous=%7B%22id%22:1,%22flag%22:%22f%22%7D&anonymous_flag=1&flag=2&duration=60",
            #"{"group_id":2,"anonymous":{"id":1,"flag":"f"},"anonymous_flag":"1","flag":"2","duration":60}"#),
        Row("set_group_whole_ban", "group_id=2&enable=false", #"{"group_id":2,"enable":false}"#),
        Row("set_group_admin", "group_id=2&user_id=1&enable=true", #"{"group_id":2,"user_id":1,"enable":true}"#),
        Row("set_group_anonymous", "group_id=2&enable=0", #"{"group_id":2,"enable":false}"#),
        Row("set_group_card", "group_id=2&user_id=1&card=7", #"{"group_id":2,"user_id":1,"card":"7"}"#),
        Row("set_group_name", "group_id=2&group_name=true", #"{"group_id":2,"group_name":"true"}"#),
        Row("set_group_leave", "group_id=2&is_dismiss=true", #"{"group_id":2,"is_dismiss":true}"#),
        Row(
            "set_group_special_title", "group_id=2&user_id=1&special_title=9&duration=-1",
            #"{"group_id":2,"user_id":1,"special_title":"9","duration":-1}"#),
        Row(
            "set_friend_add_request", "flag=100&approve=true&remark=1",
            #"{"flag":"100","approve":true,"remark":"1"}"#),
        Row(
            "set_group_add_request", "flag=100&sub_type=add&type=invite&approve=no&reason=0",
            #"{"flag":"100","sub_type":"add","type":"invite","approve":false,"reason":"0"}"#),
        Row("get_login_info"),
        Row("get_stranger_info", "user_id=1&no_cache=true", #"{"user_id":1,"no_cache":true}"#),
        Row("get_friend_list"),
        Row("get_group_info", "group_id=2&no_cache=false", #"{"group_id":2,"no_cache":false}"#),
        Row("get_group_list"),
        Row(
            "get_group_member_info", "group_id=2&user_id=1&no_cache=on",
            #"{"group_id":2,"user_id":1,"no_cache":true}"#),
        Row("get_group_member_list", "group_id=2", #"{"group_id":2}"#),
        Row("get_group_honor_info", "group_id=2&type=all", #"{"group_id":2,"type":"all"}"#),
        Row("get_cookies", "domain=1", #"{"domain":"1"}"#),
        Row("get_csrf_token"),
        Row("get_credentials", "domain=qq.com", #"{"domain":"qq.com"}"#),
        Row("get_record", "file=1&out_format=mp3", #"{"file":"1","out_format":"mp3"}"#),
        Row("get_image", "file=1", #"{"file":"1"}"#),
        Row("can_send_image"),
        Row("can_send_record"),
        Row("get_status"),
        Row("get_version_info"),
        Row("clean_cache"),
        Row(
            ".handle_quick_operation", "context=%7B%22user_id%22:9007199254740993%7D&operation=%7B%22ban%22:true%7D",
            #"{"context":{"user_id":9007199254740993},"operation":{"ban":true}}"#),
    ]

    @Test("a query and a form bring every parameter with the type the standard gives it", arguments: rows)
    func types(_ row: Row) throws {
        #expect(try text(ActionParameters(query: row.query, contentType: nil, body: ByteBuffer())) == row.params)
        let form = try ActionParameters(
            query: nil, contentType: "application/x-www-form-urlencoded", body: ByteBuffer(string: row.query))
        #expect(text(form) == row.params)
    }

    @Test("JSON passes as it is", arguments: rows)
    func json(_ row: Row) throws {
        let body = row.params ?? "{}"
        let params = try ActionParameters(
            query: nil, contentType: "application/json", body: ByteBuffer(string: body))
        #expect(text(params) == body)
    }

    @Test("each has its paths, also with the suffixes of asynchronous and of limited calls", arguments: rows)
    func paths(_ row: Row) {
        for name in [row.action, row.action + "_async", row.action + "_rate_limited"] {
            for path in ["/\(name)", "/\(name)/", "/api/\(name)", "/api/\(name)/"] {
                #expect(GatewayPath(path) == .action(name))
            }
        }
    }

    private func text(_ params: ActionParameters) -> String? { params.json.map { String(buffer: $0.bytes) } }

    @Test("they reach the bot by GET and by POST, by either path, and its answer comes back")
    func calls() async throws {
        try await GatewayHarness.run { gateway async throws in
            let said = #"{"status":"async","retcode":1,"data":null}"#
            let bot = try await BusResponder.bot(SelfID(10001), at: gateway.broker) { _ in ByteBuffer(string: said) }
            var expected: [String] = []
            for row in Self.rows {
                for name in [row.action, row.action + "_async", row.action + "_rate_limited"] {
                    let answers = [
                        try await gateway.get("/\(name)?\(row.query)"),
                        try await gateway.form("/api/\(name)", row.query),
                        try await gateway.post("/api/\(name)/", row.params ?? ""),
                    ]
                    #expect(answers.map(\.body) == [said, said, said])
                    #expect(answers.map(\.status) == [200, 200, 200])
                    expected += Array(repeating: "\(name) \(row.params ?? "{}")", count: 3)
                }
            }
            let calls = try bot.deliveries.map { delivery in
                let action = try Action(parsing: delivery.body)
                return "\(action.name) \(action.params.map { String(buffer: $0.bytes) } ?? "missing")"
            }
            #expect(calls == expected)
        }
    }
}
