import NIOCore
import OneBot

/// What a webhook answered to an event, as the actions it stands for (OneBot 11, "HTTP POST" and the quick operations
/// of each event):
///
/// | event | members | actions |
/// |---|---|---|
/// | private message | `reply`, `auto_escape` | `send_private_msg` |
/// | group message | `reply`, `auto_escape`, `at_sender` | `send_group_msg` |
/// | | `delete` | `delete_msg` |
/// | | `kick`, `reject_add_request` | `set_group_kick` |
/// | | `ban`, `ban_duration` | `set_group_ban`, or `set_group_anonymous_ban` |
/// | friend request | `approve`, `remark` | `set_friend_add_request` |
/// | group request or invitation | `approve`, `reason` | `set_group_add_request` |
///
/// Where the answer does not say, `at_sender` is as `webhooks[].at_sender` has it, `reject_add_request` is false, and
/// `ban_duration`, in seconds, is 30 minutes. An anonymous sender is never mentioned, and cannot be kicked.
///
/// Every member is optional, and only one that is there does something. Numbers and messages pass with the digits and
/// bytes that the event and the answer had. A member of another type is converted as a form's would be
/// (``ParameterText``). Where it cannot be converted, what it belongs to is not done, whatever the default is, and
/// ``ignored`` says why.
struct QuickOperation {
    /// One action. Its name is its echo too, so that whoever gets its answer knows what was asked.
    struct Call {
        let name: String
        let params: ByteBuffer

        /// The frame a client would send.
        var frame: ByteBuffer {
            var writer = JSONObjectWriter(capacity: params.readableBytes + 128)
            writer.add("action", name)
            writer.add("params", json: params)
            writer.add("echo", name)
            return writer.finish()
        }
    }

    private(set) var calls: [Call] = []
    /// What was not done, and why; for the log.
    private(set) var ignored: [String] = []

    private let answer: JSONObject
    private let event: Event
    private let atSender: Bool

    /// - Parameter atSender: whether a reply in a group mentions the sender where the answer does not say.
    init(_ answer: JSONObject, to event: Event, atSender: Bool = true) {
        self.answer = answer
        self.event = event
        self.atSender = atSender
        switch (event.postType, event.detailType) {
        case ("message", "private"): answerPrivateMessage()
        case ("message", "group"): answerGroupMessage()
        case ("request", "friend"):
            decide("set_friend_add_request", textWhere: true, named: "remark", copying: [])
        case ("request", "group"):
            decide("set_group_add_request", textWhere: false, named: "reason", copying: ["sub_type"])
        default:
            if !answer.keys.isEmpty { ignored.append("\(event.postType) events have no quick operations") }
        }
    }

    // MARK: Messages

    private mutating func answerPrivateMessage() {
        // A message of the account's own (`message_sent_as`) is answered where it went.
        let recipient = isOwn && event.json["target_id"]?.isNull == false ? "target_id" : "user_id"
        guard let reply = reply(), let user = required(recipient, for: "reply") else { return }
        var params: [(StaticString, ByteBuffer)] = [("user_id", user)]
        // A stranger is answered through the group they wrote from, where the bot tells it.
        if event.subType == "group", let group = event.json["group_id"] ?? event.json["sender"]?.object?["group_id"],
            !group.isNull
        {
            params.append(("group_id", group.bytes))
        }
        call("send_private_msg", params + reply.members)
    }

    private mutating func answerGroupMessage() {
        if let reply = reply(), let group = required("group_id", for: "reply") {
            if let wantsAt = flag("at_sender", else: atSender, for: "reply") {
                let at = wantsAt && !isAnonymous ? sender : nil
                call("send_group_msg", [("group_id", group)] + (at.map { reply.mentioning($0) } ?? reply).members)
            }
        }
        if flag("delete", else: false) == true, let message = required("message_id", for: "delete") {
            call("delete_msg", [("message_id", message)])
        }
        if flag("kick", else: false) == true { kick() }
        if flag("ban", else: false) == true { ban() }
    }

    private mutating func kick() {
        guard !isAnonymous else {
            ignored.append("kick: the sender is anonymous")
            return
        }
        guard let group = required("group_id", for: "kick"), let user = required("user_id", for: "kick"),
            let rejects = flag("reject_add_request", else: false, for: "kick")
        else { return }
        call(
            "set_group_kick",
            [("group_id", group), ("user_id", user), ("reject_add_request", rejects ? Self.yes : Self.no)])
    }

    private mutating func ban() {
        guard let group = required("group_id", for: "ban"), let seconds = banDuration() else { return }
        let duration: (StaticString, ByteBuffer) = ("duration", seconds)
        guard isAnonymous else {
            guard let user = required("user_id", for: "ban") else { return }
            call("set_group_ban", [("group_id", group), ("user_id", user), duration])
            return
        }
        guard let anonymous = event.json["anonymous"]?.object, let flag = anonymous["flag"], !flag.isNull else {
            ignored.append("ban: the event does not say which anonymous sender it was")
            return
        }
        call(
            "set_group_anonymous_ban",
            [("group_id", group), ("anonymous", anonymous.bytes), ("flag", flag.bytes), duration])
    }

    /// `nil` where it cannot be read.
    private mutating func banDuration() -> ByteBuffer? {
        guard let value = present("ban_duration") else { return Self.halfAnHour }
        if value.number == nil { ignored.append("ban: ban_duration is no number") }
        return value.number
    }

    private var isOwn: Bool {
        event.selfID.map { $0.description == sender } ?? false
    }

    private var isAnonymous: Bool { event.subType == "anonymous" || event.json["anonymous"]?.kind == .object }

    /// The sender's number as the text an `at` segment holds; `nil` where the event does not say it.
    private var sender: String? {
        guard let user = event.json["user_id"] else { return nil }
        let text = user.kind == .number ? String(buffer: user.bytes) : user.string ?? ""
        return !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            ? text : nil
    }

    /// The message to send; `nil` where there is none, or none that can be sent.
    private mutating func reply() -> QuickReply? {
        guard let value = present("reply") else { return nil }
        guard let escapes = flag("auto_escape", else: false, for: "reply") else { return nil }
        guard let reply = QuickReply(value, escapes: escapes) else {
            ignored.append("reply: it is empty, or no message (a text, a list of segments or one segment)")
            return nil
        }
        return reply
    }

    // MARK: Requests

    /// - Parameter verdict: the value of `approve` with which the text counts.
    private mutating func decide(
        _ action: String, textWhere verdict: Bool, named name: StaticString, copying members: [StaticString]
    ) {
        guard present("approve") != nil, let approve = flag("approve", else: false) else { return }
        guard let flag = required("flag", for: "approve") else { return }
        var params: [(StaticString, ByteBuffer)] = [("flag", flag)]
        for member in members {
            guard let value = required(member.description, for: "approve") else { return }
            params.append((member, value))
        }
        params.append(("approve", approve ? Self.yes : Self.no))
        if approve == verdict, let text = present(name.description) {
            guard let text = text.textOrDigits else {
                ignored.append("approve: \(name) is no text")
                return
            }
            params.append((name, text))
        }
        call(action, params)
    }

    // MARK: Reading and writing

    /// The answer's member, unless it is `null`.
    private func present(_ name: String) -> JSONText? {
        answer[name].flatMap { $0.isNull ? nil : $0 }
    }

    /// `nil` where it cannot be read; then `member` is not done.
    private mutating func flag(_ name: String, else absent: Bool, for member: String? = nil) -> Bool? {
        guard let value = present(name) else { return absent }
        if value.flag == nil { ignored.append("\(member ?? name): \(name) is neither true nor false") }
        return value.flag
    }

    /// The event's member, byte for byte.
    private mutating func required(_ name: String, for member: String) -> ByteBuffer? {
        guard let value = event.json[name], !value.isNull else {
            ignored.append("\(member): the event has no \(name)")
            return nil
        }
        return value.bytes
    }

    private mutating func call(_ name: String, _ params: [(StaticString, ByteBuffer)]) {
        var writer = JSONObjectWriter()
        for (key, value) in params { writer.add(key, json: value) }
        calls.append(Call(name: name, params: writer.finish()))
    }

    private static let yes = ByteBuffer(staticString: "true")
    private static let no = ByteBuffer(staticString: "false")
    private static let halfAnHour = ByteBuffer(staticString: "1800")
}
