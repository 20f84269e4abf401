import NIOCore
import OneBot

/// Answers actions as a well-behaved OneBot 11 implementation does
/// (https://github.com/botuniverse/onebot-11/blob/master/api/public.md).
struct BotAnswers: Sendable {
    private let account: Account
    /// What `get_status` answers and heartbeats carry.
    var status: ByteBuffer

    init(account: Account) {
        self.account = account
        status = .object { json in
            json.add("online", true)
            json.add("good", true)
        }
    }

    /// Carries the action out. `time` is in seconds since 1970; a message sent is put into `memory`.
    func answer(_ action: Action, at time: Int64, remembering memory: inout MessageMemory) -> BotAnswer {
        let (name, isAsync) = Self.plainName(of: action.name)
        if action.hasInvalidParameters {
            return BotAnswer(.failed(.badRequest, "params must be an object."))
        }
        do {
            var answer = try carryOut(name, ActionParameters(action.params), at: time, remembering: &memory)
            if isAsync, answer.response.status == .ok { answer.response = .async }
            return answer
        } catch {
            return BotAnswer(.failed(.badRequest, error.message))
        }
    }

    /// `send_msg_async` and `send_msg_rate_limited` are `send_msg`, answered before it is done (OneBot 11, asynchronous
    /// calls).
    private static func plainName(of name: String) -> (name: String, isAsync: Bool) {
        for suffix in ["_async", "_rate_limited"] where name.hasSuffix(suffix) {
            return (String(name.dropLast(suffix.count)), true)
        }
        return (name, false)
    }

    private func carryOut(
        _ name: String, _ params: ActionParameters, at time: Int64, remembering memory: inout MessageMemory
    ) throws(ActionParameters.Problem) -> BotAnswer {
        if let answer = try messageAnswer(to: name, params, at: time, remembering: &memory) { return answer }
        if let answer = try queryAnswer(to: name, params) { return answer }
        if let required = Self.silentActions[name] {
            for parameter in required { _ = try params.require(parameter) }
            return BotAnswer(name == "set_restart" ? .async : .ok())
        }
        return BotAnswer(
            .failed(.notFound, "There is no action \(name): see the OneBot 11 standard for those there are."))
    }

    /// Actions that change something and return nothing, with the parameters they require.
    private static let silentActions: [String: [String]] = [
        "send_like": ["user_id"],
        "set_group_kick": ["group_id", "user_id"],
        "set_group_ban": ["group_id", "user_id"],
        "set_group_anonymous_ban": ["group_id"],
        "set_group_whole_ban": ["group_id"],
        "set_group_admin": ["group_id", "user_id"],
        "set_group_anonymous": ["group_id"],
        "set_group_card": ["group_id", "user_id"],
        "set_group_name": ["group_id", "group_name"],
        "set_group_leave": ["group_id"],
        "set_group_special_title": ["group_id", "user_id"],
        "set_friend_add_request": ["flag"],
        "set_group_add_request": ["flag"],
        "set_restart": [],
        "clean_cache": [],
        ".handle_quick_operation": ["context", "operation"],
    ]
}

// MARK: Messages

extension BotAnswers {
    private func messageAnswer(
        to name: String, _ params: ActionParameters, at time: Int64, remembering memory: inout MessageMemory
    ) throws(ActionParameters.Problem) -> BotAnswer? {
        switch name {
        case "send_private_msg":
            return try sendPrivate(params, at: time, remembering: &memory)
        case "send_group_msg":
            return try sendGroup(params, at: time, remembering: &memory)
        case "send_msg":
            let toGroup = params["message_type"]?.string.map { $0 == "group" } ?? (params["group_id"] != nil)
            return toGroup
                ? try sendGroup(params, at: time, remembering: &memory)
                : try sendPrivate(params, at: time, remembering: &memory)
        case "get_msg":
            let id = try params.integer("message_id")
            guard let message = memory[id] else { return BotAnswer(Self.noSuchMessage(id)) }
            return BotAnswer(.ok(message))
        case "delete_msg":
            let id = try params.integer("message_id")
            return BotAnswer(memory.forget(id) ? .ok() : Self.noSuchMessage(id))
        case "get_forward_msg":
            let id = try params.text("id")
            let segment = ByteBuffer.object { json in
                json.add("type", "node")
                json.add("data", json: .object { json in json.add("id", id) })
            }
            return BotAnswer(.ok(.object { json in json.add("message", json: .array([segment])) }))
        case _:
            return nil
        }
    }

    private func sendPrivate(
        _ params: ActionParameters, at time: Int64, remembering memory: inout MessageMemory
    ) throws(ActionParameters.Problem) -> BotAnswer {
        _ = try params.integer("user_id")
        let message = try params.message()
        return BotAnswer(sent(message, type: "private", at: time, remembering: &memory))
    }

    private func sendGroup(
        _ params: ActionParameters, at time: Int64, remembering memory: inout MessageMemory
    ) throws(ActionParameters.Problem) -> BotAnswer {
        let groupID = try params.integer("group_id")
        let message = try params.message()
        let isPing = message.contains(word: "ping")
        return BotAnswer(
            sent(message, type: "group", at: time, remembering: &memory), pongIn: isPing ? account.group(groupID) : nil)
    }

    private func sent(
        _ message: ByteBuffer, type: String, at time: Int64, remembering memory: inout MessageMemory
    ) -> Response {
        let id = memory.nextID()
        memory.remember(id, type: type, sender: loginInfo, message: message, at: time)
        return .ok(.object { json in json.add("message_id", id) })
    }

    /// For what they cannot find, implementations have retcodes of their own; 100 is the most common one.
    private static func noSuchMessage(_ id: Int64) -> Response {
        .failed(.bots(100), "There is no message \(id) among the last \(MessageMemory.capacity).")
    }
}

// MARK: Queries

extension BotAnswers {
    private var loginInfo: ByteBuffer {
        .object { json in
            json.add("user_id", account.selfID.number)
            json.add("nickname", account.nickname)
        }
    }

    private func queryAnswer(
        to name: String, _ params: ActionParameters
    ) throws(ActionParameters.Problem) -> BotAnswer? {
        switch name {
        case "get_login_info":
            return BotAnswer(.ok(loginInfo))
        case "get_stranger_info":
            let userID = try params.integer("user_id")
            let person =
                account.friend(userID)
                ?? Person(userID: userID, nickname: "Stranger \(userID)", sex: "unknown", age: 0, remark: "")
            return BotAnswer(.ok(person.strangerInfo))
        case "get_friend_list":
            return BotAnswer(.ok(.array(account.friends.map(\.friendInfo))))
        case "get_group_list":
            return BotAnswer(.ok(.array(account.groups.map(\.info))))
        case "get_group_info", "get_group_member_list", "get_group_member_info", "get_group_honor_info":
            return BotAnswer(try groupAnswer(to: name, params))
        case _:
            return try implementationAnswer(to: name, params).map { BotAnswer(.ok($0)) }
        }
    }

    private func groupAnswer(
        to name: String, _ params: ActionParameters
    ) throws(ActionParameters.Problem) -> Response {
        let groupID = try params.integer("group_id")
        guard let group = account.group(groupID) else {
            return .failed(.bots(100), "The account is in no group \(groupID): see get_group_list.")
        }
        if name == "get_group_info" { return .ok(group.info) }
        if name == "get_group_member_list" { return .ok(.array(group.members.map { $0.info(in: groupID) })) }
        if name == "get_group_honor_info" {
            return .ok(
                .object { json in
                    json.add("group_id", groupID)
                    json.add("talkative_list", json: .array([]))
                })
        }
        let userID = try params.integer("user_id")
        guard let member = group.members.first(where: { $0.person.userID == userID }) else {
            return .failed(
                .bots(100), "Group \(groupID) has no member \(userID): see get_group_member_list.")
        }
        return .ok(member.info(in: groupID))
    }

    /// The data of queries about the implementation and its files; `nil` where `name` is not one of these.
    private func implementationAnswer(
        to name: String, _ params: ActionParameters
    ) throws(ActionParameters.Problem) -> ByteBuffer? {
        switch name {
        case "get_status":
            return status
        case "get_version_info":
            return .object { json in
                json.add("app_name", "simulated-bot")
                json.add("app_version", "1.0.0")
                json.add("protocol_version", "v11")
            }
        case "can_send_image", "can_send_record":
            return .object { json in json.add("yes", true) }
        case "get_image", "get_record":
            let file = try params.text("file")
            return .object { json in json.add("file", "/nowhere/\(file)") }
        case "get_cookies":
            return .object { json in json.add("cookies", "simulated=1") }
        case "get_csrf_token":
            return .object { json in json.add("token", 123_456) }
        case "get_credentials":
            return .object { json in
                json.add("cookies", "simulated=1")
                json.add("csrf_token", 123_456)
            }
        case _:
            return nil
        }
    }
}
