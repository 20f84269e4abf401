public import NIOCore

/// What a text frame from a bot is, told by its top-level members (OneBot 11).
public enum BotFrame: Sendable {
    /// It has a string `post_type`.
    case event(Event)
    /// It has no `post_type`, and an `echo`, a `status` or a `retcode`.
    case response(BotResponse)
    /// Anything else: counted and dropped.
    case unknown(reason: String)

    public init(parsing frame: ByteBuffer) { fatalError("unwritten") }
}

/// An event as a bot sent it: only what it is routed by is read.
public struct Event: Sendable {
    public let json: JSONObject
    public let postType: String
    /// `message_type`, `notice_type`, `request_type`, `distributed_type` or `meta_event_type`.
    public let detailType: String?
    public let subType: String?
    /// `nil` where it is missing, null or no number (a string of digits counts as one).
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
    public func forClients(of bot: SelfID) -> ByteBuffer { fatalError("unwritten") }
}

/// An answer as a bot sent it.
public struct BotResponse: Sendable {
    public let json: JSONObject
    /// The echo's bytes, `nil` where there is none.
    public let echo: ByteBuffer?
    public let retcode: Int64?

    init(json: JSONObject, echo: ByteBuffer?, retcode: Int64?) {
        self.json = json
        self.echo = echo
        self.retcode = retcode
    }
}
