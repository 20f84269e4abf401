public import NIOCore

/// What a text frame from a bot is, by its top-level members (OneBot 11).
public enum BotFrame: Sendable {
    /// It has a string `post_type`.
    case event(Event)
    /// It has no `post_type` (or `null` there), and an `echo`, a `status` or a `retcode`.
    case response(BotResponse)
    /// It begins like an object but cannot be read: a lost event, or an answer.
    case unreadable(UnreadableFrame)
    /// Anything else: counted and dropped.
    case unknown(reason: String)

    /// Never fails.
    public init(parsing frame: ByteBuffer) {
        let json: JSONObject
        do {
            json = try JSONObject(frame)
        } catch {
            let frame = UnreadableFrame(.invalid(error.description), head: frame)
            self =
                error != .notAnObject && frame.isObject
                ? .unreadable(frame) : .unknown(reason: error.description)
            return
        }
        let members = RoutingMembers(of: json)
        if let postType = members[.postType], json.kind(of: postType) != .null {
            guard let postType = json.string(of: postType) else {
                self = .unreadable(UnreadableFrame(.invalid("`post_type` is no string"), head: frame))
                return
            }
            self = .event(
                Event(
                    json: json, postType: postType,
                    detailType: members.detail(ofPostType: postType).flatMap(json.string(of:)),
                    subType: members[.subType].flatMap(json.string(of:)),
                    selfID: members[.selfID].flatMap(json.selfID(of:))))
        } else if members[.echo] != nil || members[.status] != nil || members[.retcode] != nil {
            self = .response(
                BotResponse(
                    json: json, echo: members[.echo].map { json.value(of: $0).bytes },
                    retcode: members[.retcode].flatMap(json.int64(of:)),
                    isFollowed: StreamFrame.isFollowed(json, stream: members[.stream], status: members[.status])))
        } else {
            self = .unknown(reason: "it has no `post_type`, `echo`, `status` or `retcode`")
        }
    }
}

/// An event as a bot sent it: only the members it is routed by are read.
public struct Event: Sendable {
    public let json: JSONObject
    public let postType: String
    /// `message_type`, `notice_type`, `request_type`, `distributed_type` or `meta_event_type`.
    public let detailType: String?
    public let subType: String?
    /// `nil` where it is missing, null or not a number (a string of digits counts as one).
    public let selfID: SelfID?

    public var isLifecycleConnect: Bool {
        postType == "meta_event" && detailType == "lifecycle" && subType == "connect"
    }

    public var isHeartbeat: Bool { postType == "meta_event" && detailType == "heartbeat" }

    init(json: JSONObject, postType: String, detailType: String?, subType: String?, selfID: SelfID?) {
        self.json = json
        self.postType = postType
        self.detailType = detailType
        self.subType = subType
        self.selfID = selfID
    }

    /// The event as clients get it: without a top-level `echo`, with `self_id` set where it was missing or null;
    /// otherwise byte for byte what the bot sent.
    /// Where nothing has to change, it is the same buffer.
    public func forClients(of bot: SelfID) -> ByteBuffer {
        guard selfID == nil, json["self_id"]?.isNull != false else { return json.removing("echo") }
        return json.removing("echo", setting: "self_id", to: ByteBuffer(string: bot.description))
    }
}

/// An answer as a bot sent it.
public struct BotResponse: Sendable {
    public let json: JSONObject
    /// The echo's bytes, `nil` where there is none.
    public let echo: ByteBuffer?
    public let retcode: Int64?
    /// Whether more answers to the same action follow.
    public let isFollowed: Bool
}
