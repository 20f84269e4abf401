import Actions
import NIOCore
import NIOHTTP1
import OneBot
import SettingsReading
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("What a client chooses")
struct ClientChoicesTests {
    private func chosen(_ query: [(String, String)], defaults: ClientChoices = ClientChoices()) throws -> ClientChoices
    {
        let request = UpgradeRequest(
            path: "/", query: query.map { (name: $0.0, value: $0.1) }, headers: [:], remoteAddress: "127.0.0.1:1")
        return try ClientUpgrade(request, tokens: .none, defaults: defaults).choices
    }

    private func settings(_ yaml: String) -> Settings { Settings(file: (name: "p.yaml", yaml: yaml)) }

    @Test("without a word, events come as the bot sent them and nobody looks at them")
    func nothing() throws {
        #expect(try chosen([]) == ClientChoices())
        #expect(!ClientChoices().concernsEvents)
        let everybody = ClientChoices(settings(""), prefix: "client")
        #expect(everybody == ClientChoices())
    }

    @Test("every choice can be made in the query")
    func query() throws {
        let choices = try chosen([
            ("post_types", "message,notice"), ("detail_types", "group"), ("group_ids", "1,2"), ("user_ids", "3"),
            ("exclude_group_ids", "5"), ("exclude_user_ids", "6,7"), ("self_ids", "4"), ("message_format", "array"),
            ("message_sent_as", "message"), ("heartbeat_interval", "1500"), ("meta_events", "false"),
            ("client_status", "none"),
            ("max_event_size", "1048576"), ("one_answer_per_write", "true"), ("ping_interval", "20000"),
        ])
        #expect(choices.filter.postTypes == ["message", "notice"])
        #expect(choices.filter.detailTypes == ["group"])
        #expect(choices.filter.groupIDs == [1, 2])
        #expect(choices.filter.userIDs == [3])
        #expect(choices.filter.excludedGroupIDs == [5])
        #expect(choices.filter.excludedUserIDs == [6, 7])
        #expect(choices.filter.selfIDs == [SelfID(4)])
        #expect(choices.messageFormat == .array)
        #expect(choices.messageSentAs == .message)
        #expect(choices.heartbeatInterval == .milliseconds(1500))
        #expect(!choices.metaEvents)
        #expect(choices.clientStatus == ClientStatusAudience.none)
        #expect(choices.delivery.maxEventBytes == 1 << 20)
        #expect(choices.delivery.oneAnswerPerWrite)
        #expect(choices.delivery.pingInterval == .seconds(20))
        #expect(try chosen([("ping_interval", "0")]).delivery.pingInterval == nil)
        #expect(choices.concernsEvents)
        #expect(try chosen([("max_event_size", "1024")]).concernsEvents)
        #expect(try chosen([("heartbeat_interval", "0")]).heartbeatInterval == .zero)
    }

    @Test("a key that comes several times counts as one list")
    func repeated() throws {
        let defaults = ClientChoices(settings("client: {group_ids: [9], user_ids: [9]}"), prefix: "client")
        let choices = try chosen(
            [("group_ids", "1"), ("user_ids", ""), ("group_ids", "2,3"), ("group_ids", "")], defaults: defaults)
        #expect(choices.filter.groupIDs == [1, 2, 3])
        #expect(choices.filter.userIDs.isEmpty)
        #expect(throws: ClientUpgrade.Refusal.self) { try chosen([("group_ids", "1"), ("group_ids", "x")]) }
    }

    @Test(
        "what makes no sense in a query is refused with 400, its key and its value",
        arguments: [
            ("post_types", "mesage"), ("detail_types", "a/b"), ("group_ids", "abc"), ("user_ids", "1;2"),
            ("self_ids", "*"), ("group_ids", "-1"), ("user_ids", "0"), ("self_ids", "-5"), ("exclude_group_ids", "0"),
            ("exclude_user_ids", "-7"), ("exclude_user_ids", "all"),
            ("message_format", "json"), ("message_sent_as", "notice"), ("heartbeat_interval", "50"),
            ("heartbeat_interval", ""),
            ("heartbeat_interval", "5s"), ("heartbeat_interval", "3600001"), ("heartbeat_interval", "-1"),
            ("meta_events", "off?"), ("client_status", "some"), ("max_event_size", "1MiB"),
            ("max_event_size", "1023"), ("max_event_size", "268435457"), ("one_answer_per_write", ""),
            ("ping_interval", "99"), ("ping_interval", "20s"),
        ])
    func refused(key: String, value: String) {
        #expect {
            try chosen([(key, value)])
        } throws: { error in
            guard let refusal = error as? ClientUpgrade.Refusal else { return false }
            return refusal.status == .badRequest && refusal.message.hasPrefix("\(key) is “\(value)”.")
        }
    }

    @Test("the query outweighs what is configured, key by key, and may take a default away")
    func overriding() throws {
        let defaults = ClientChoices(
            settings(
                """
                client: {post_types: [message], group_ids: [1], message_format: string, meta_events: false,
                         max_event_size: 1MiB}
                """),
            prefix: "client")
        #expect(try chosen([], defaults: defaults) == defaults)
        let other = try chosen(
            [
                ("post_types", "notice"), ("group_ids", ""), ("message_format", ""), ("meta_events", "true"),
                ("max_event_size", "0"),
            ],
            defaults: defaults)
        #expect(other.filter.postTypes == ["notice"])
        #expect(other.filter.groupIDs.isEmpty)
        #expect(other.messageFormat == nil)
        #expect(other.metaEvents)
        #expect(other.delivery.maxEventBytes == nil)
    }

    @Test("an entry of a list has its own, and what everybody has for the rest")
    func entries() {
        let settings = settings(
            """
            client_status: self
            client: {post_types: message notice, user_ids: [7], message_format: array, max_event_size: 4MiB}
            webhooks:
              - {user_ids: [], heartbeat_interval: 10s, message_format: string, client_status: all}
              - {heartbeat_interval: 0, post_types: "message,request", max_event_size: 0}
            """)
        let everybody = ClientChoices(settings, prefix: "client")
        let first = ClientChoices(settings, prefix: "webhooks[0]")
        let second = ClientChoices(settings, prefix: "webhooks[1]")
        #expect(settings.problems.map(\.description) == [])
        #expect(everybody.filter.postTypes == ["message", "notice"])
        #expect(everybody.clientStatus == .own)
        #expect(first.filter.postTypes == ["message", "notice"])
        #expect(first.filter.userIDs.isEmpty)
        #expect(first.heartbeatInterval == .seconds(10))
        #expect(first.messageFormat == .string)
        #expect(first.delivery.maxEventBytes == 4 << 20)
        #expect(second.delivery.maxEventBytes == nil)
        #expect(first.clientStatus == .all)
        #expect(second.filter.postTypes == ["message", "request"])
        #expect(second.filter.userIDs == [7])
        #expect(second.heartbeatInterval == .zero)
        #expect(second.messageFormat == .array)
        #expect(second.clientStatus == .own)
    }

    @Test("targets get what their entry chooses")
    func targets() throws {
        let configuration = WSEdgeConfiguration(
            settings(
                """
                client: {post_types: [message], one_answer_per_write: true, ping_interval: 20s}
                webhooks: [{url: "http://127.0.0.1/", meta_events: false}]
                reverse_websockets: [{url: "ws://127.0.0.1/", message_format: array, ping_interval: 0}]
                """))
        let webhook = try #require(configuration.targets.webhooks.first).target.upgrade(for: SelfID(1)).choices
        #expect(!webhook.metaEvents)
        #expect(webhook.filter.postTypes == ["message"])
        #expect(webhook.delivery == DeliveryChoices(), "it has no connection")
        let framework = try #require(configuration.targets.reverseWebSockets.first).target.upgrade(for: SelfID(1))
            .choices
        #expect(framework.messageFormat == .array)
        #expect(framework.delivery.oneAnswerPerWrite)
        #expect(framework.delivery.pingInterval == nil)
    }

    @Test(
        "what makes no sense in the settings is reported with its key",
        arguments: [
            ("client.post_types", "[mesage]"), ("client.group_ids", "[1, a]"), ("client.message_format", "cq"),
            ("client.message_sent_as", "sent"),
            ("client.meta_events", "maybe"), ("client_status", "some"), ("heartbeat_interval", "50"),
            ("client.exclude_group_ids", "[5, -1]"), ("webhooks[0].exclude_user_ids", "0"), ("client.self_ids", "[0]"),
            ("webhooks[0].user_ids", "x"), ("webhooks[0].heartbeat_interval", "10ms"),
            ("webhooks[0].heartbeat_interval", "2h"), ("client.max_event_size", "1000"),
            ("client.ping_interval", "50ms"), ("client.one_answer_per_write", "maybe"),
            ("webhooks[0].max_event_size", "1GiB"), ("webhooks[0].detail_types", "[a b, \"?\"]"),
        ])
    func reported(key: String, value: String) {
        let settings = settings("webhooks[0].url: http://127.0.0.1/\n\(key): \(value)")
        _ = WSEdgeConfiguration(settings)
        #expect(settings.problems.map(\.key) == [key])
    }

    @Test("what Perpetua says itself obeys the types, and that events are missing concerns whoever wants that bot")
    func ownEvents() throws {
        let message = try chosen([("post_types", "message"), ("self_ids", "1"), ("group_ids", "5")])
        #expect(EventGap(of: SelfID(1), missed: nil).passes(message.filter))
        #expect(!EventGap(of: SelfID(2), missed: nil).passes(message.filter))
        #expect(!BotStatus(of: SelfID(1), isOnline: true).passes(message.filter))
        let status = try chosen([("detail_types", "bot_status"), ("self_ids", "1")])
        #expect(BotStatus(of: SelfID(1), isOnline: true).passes(status.filter))
        #expect(!BotStatus(of: SelfID(2), isOnline: true).passes(status.filter))
        #expect(!message.filter.passes(postType: "distributed", detailType: "broadcast"))
        let both = try chosen([("post_types", "message,distributed"), ("group_ids", "5")])
        #expect(both.filter.passes(postType: "distributed", detailType: "broadcast"), "it happens in no chat")
    }

    @Test("post_types speak of what the bot sent, whatever it is called then; message_sent_as can be taken back")
    func sentMessages() throws {
        let sent = EventView(
            ByteBuffer(string: #"{"post_type":"message_sent","message_type":"private"}"#), of: SelfID(1))
        let choice = ("message_sent_as", "message")
        #expect(!(try chosen([("post_types", "message"), choice]).wants(sent)))
        #expect(try chosen([("post_types", "message,message_sent"), choice]).wants(sent))
        #expect(try chosen([choice]).concernsEvents)
        let settings = settings(
            "client: {message_sent_as: message}\nwebhooks: [{message_sent_as: message_sent}, {meta_events: true}]\n")
        let defaults = ClientChoices(settings, prefix: "client")
        #expect(defaults.messageSentAs == .message)
        for value in ["", "message_sent"] {
            #expect(try !chosen([("message_sent_as", value)], defaults: defaults).concernsEvents)
        }
        #expect(!ClientChoices(settings, prefix: "webhooks[0]").concernsEvents)
        #expect(ClientChoices(settings, prefix: "webhooks[1]").messageSentAs == .message)
        #expect(settings.problems == [])
    }

    @Test("without meta events those of the bot are left out too")
    func metaEvents() throws {
        let choices = try chosen([("meta_events", "0")])
        let disabled = #"{"post_type":"meta_event","meta_event_type":"lifecycle","sub_type":"disable"}"#
        #expect(!choices.wants(EventView(ByteBuffer(string: disabled), of: SelfID(1))))
        #expect(choices.wants(EventView(ByteBuffer(string: #"{"post_type":"notice"}"#), of: SelfID(1))))
    }
}
