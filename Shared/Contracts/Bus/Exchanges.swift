public import Bus
public import OneBot

/// Every exchange, queue name and routing key of Perpetua, built and parsed here and nowhere else (docs/contract.md
/// §4).
public struct Exchanges: Sendable {
    public let prefix: String

    // Public, versioned. Each is needed with every message, so they are made once.
    public let events: Exchange
    public let actions: Exchange
    public let broadcast: Exchange
    public let callback: Exchange
    public let presence: Exchange
    /// Internal: questions between services.
    public let rpc: Exchange

    /// - Parameter prefix: what every name starts with (`amqp.prefix`).
    public init(prefix: String = "perpetua") {
        self.prefix = prefix
        events = Exchange("\(prefix).events", .topic)
        actions = Exchange("\(prefix).actions", .topic)
        broadcast = Exchange("\(prefix).broadcast", .topic)
        callback = Exchange("\(prefix).callback", .topic)
        presence = Exchange("\(prefix).presence", .topic)
        rpc = Exchange("\(prefix).rpc", .direct)
    }

    public var all: [Exchange] { [events, actions, broadcast, callback, presence, rpc] }

    // Queues.
    public var registryQueue: QueueName { QueueName("\(prefix).registry") }
    /// Where the registry gets its answers from edges, apart from questions, so that neither waits behind the other.
    public var registryRepliesQueue: QueueName { QueueName("\(prefix).registry.replies") }
    public var registryReportsQueue: QueueName { QueueName("\(prefix).registry.reports") }
    /// Held by whoever answers actions of this bot: exclusive, a lock and an address in one.
    public func botQueue(_ bot: SelfID) -> QueueName { QueueName("\(prefix).bot.\(bot)") }
    /// Held by whoever publishes the events of this bot: exclusive, a lock. The only messages there are from edges that
    /// want it.
    public func botEventsQueue(_ bot: SelfID) -> QueueName { QueueName("\(prefix).bot.\(bot).event") }
    /// Held by the edge that does what only one edge at a time may do: exclusive, for as long as it is done. `kind` is
    /// `bot` (dialling it, running its program), `reverse` or `webhook`; `name` is the same on every edge.
    public func claimQueue(kind: String, name: String) -> QueueName { QueueName("\(prefix).claim.\(kind).\(name)") }
    public func inbox(of edge: EdgeAddress) -> QueueName { QueueName("\(prefix).edge.\(edge.edgeID).\(edge.instance)") }
    /// Our own actions as any program on the broker sends them: the gateways share it.
    public var gatewayQueue: QueueName { QueueName("\(prefix).gateway") }
    public func gatewayInbox(instance: String) -> QueueName { QueueName("\(prefix).gateway.\(instance)") }

    // Routing keys.
    public static let registryKey: RoutingKey = "registry"
    /// Our own actions on ``actions``.
    public static let gatewayKey: RoutingKey = "gateway"
    /// Broadcasts and callbacks for a client that lives on AMQP: it binds a queue of its own with this.
    public static func clientKey(_ appID: String) -> RoutingKey { RoutingKey("client.\(appID)") }

    /// `{self_id}.{post_type}.{detail}.{sub_type}`; a part that is missing, or not `[A-Za-z0-9_-]{1,48}`, is `_`.
    public static func eventKey(_ event: Event, of bot: SelfID) -> RoutingKey {
        RoutingKey("\(bot.description).\(word(event.postType)).\(word(event.detailType)).\(word(event.subType))")
    }

    public static func eventPattern(_ bot: SelfID) -> BindingPattern { BindingPattern("\(bot).#") }
    public static func actionKey(_ bot: SelfID) -> RoutingKey { RoutingKey("\(bot)") }

    /// The bot in an event's routing key.
    public static func bot(inEventKey key: RoutingKey) -> SelfID? {
        SelfID(decimal: Substring(key.text.utf8.prefix { $0 != UInt8(ascii: ".") }))
    }

    /// What an edge does with an event, told by its routing key.
    public enum EventKind: Sendable, Hashable {
        /// A bot's heartbeat.
        case heartbeat
        /// A notice that events are missing. A bot's own notice may have the same key, but not the type ``gapType``.
        case gap
        case other
    }

    public static func kind(ofEventKey key: RoutingKey) -> EventKind {
        var text = key.text
        return text.withUTF8 { bytes in
            let rest = bytes.drop { $0 != UInt8(ascii: ".") }
            // Most events are messages.
            guard rest.dropFirst().first != UInt8(ascii: "m") || rest.dropFirst(3).first == UInt8(ascii: "t") else {
                return .other
            }
            if rest.starts(with: ".meta_event.heartbeat.".utf8) { return .heartbeat }
            return rest.elementsEqual(gapWords.utf8) ? .gap : .other
        }
    }

    private static let gapWords = ".notice.event_gap._"

    /// The `type` of a message that says that events are missing: it stands in their place among a bot's events.
    public static let gapType = "event_gap"
    public static func gapKey(_ bot: SelfID) -> RoutingKey { RoutingKey("\(bot)\(gapWords)") }

    /// Whether `text` may stand in a routing key as one word (an `edge_id` must).
    public static func isWord(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { (1...48).contains($0.count) && $0.allSatisfy(isInWord) }
    }

    private static func isInWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func word(_ text: String?) -> String {
        guard let text, isWord(text) else { return "_" }
        return text
    }
}
