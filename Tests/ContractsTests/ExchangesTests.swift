import Bus
import Contracts
import NIOCore
import OneBot
import Testing

@Suite struct ExchangesTests {
    @Test("every name starts with the prefix")
    func prefix() {
        let exchanges = Exchanges(prefix: "mine")
        let edge = EdgeAddress(edgeID: "e1", instance: "a1")
        #expect(
            exchanges.all.map(\.name) == [
                "mine.events", "mine.actions", "mine.broadcast", "mine.callback", "mine.presence", "mine.rpc",
            ])
        #expect(exchanges.registryQueue.text == "mine.registry")
        #expect(exchanges.registryReportsQueue.text == "mine.registry.reports")
        #expect(exchanges.registryRepliesQueue.text == "mine.registry.replies")
        #expect(exchanges.botQueue(SelfID(-7)).text == "mine.bot.-7")
        #expect(exchanges.botEventsQueue(SelfID(-7)).text == "mine.bot.-7.event")
        #expect(exchanges.inbox(of: edge).text == "mine.edge.e1.a1")
        #expect(exchanges.gatewayQueue.text == "mine.gateway")
        #expect(exchanges.gatewayInbox(instance: "g").text == "mine.gateway.g")
    }

    @Test("a client is reached by its edge's key, or by its own where it lives on AMQP")
    func inboxKeys() {
        let edge = EdgeAddress(edgeID: "e1", instance: "a1")
        var client = OnlineClient(
            appID: "x", clientName: nil, role: .universal, transport: .websocket, edge: edge, sessionID: 1, selfID: nil,
            connectedAt: 1, remoteAddress: "127.0.0.1:1")
        #expect(client.inboxKey == edge.key)
        client.edge = nil
        #expect(client.inboxKey.text == "client.x")
    }

    @Test("an edge's reports match the registry's binding, and its questions its own key")
    func edgeKeys() {
        let edge = EdgeAddress(edgeID: "e1", instance: "a1")
        #expect(edge.key.text == "edge.e1.a1")
        #expect(EdgeAddress.reportPattern.matches(edge.reportKey))
        for kind in PresenceChange.Kind.allCases { #expect(!EdgeAddress.reportPattern.matches(kind.key)) }
    }

    @Test(
        "the bot of an event's key is found again, also a negative or the largest number",
        arguments: [1, -1, Int64.max, Int64.min])
    func eventKeys(_ number: Int64) {
        let bot = SelfID(number)
        let key = RoutingKey("\(bot).message.group._")
        #expect(Exchanges.bot(inEventKey: key) == bot)
        #expect(Exchanges.eventPattern(bot).matches(key))
        #expect(!Exchanges.eventPattern(SelfID(number &+ 1)).matches(key))
        #expect(Exchanges.actionKey(bot).text == "\(number)")
    }

    @Test(
        "an event's key says what it is; a part that is missing, or no word, is _",
        arguments: [
            (#"{"post_type":"message","message_type":"group","sub_type":"normal"}"#, "7.message.group.normal"),
            (#"{"post_type":"notice","notice_type":"client_status"}"#, "7.notice.client_status._"),
            (#"{"post_type":"meta_event","meta_event_type":"heartbeat","sub_type":""}"#, "7.meta_event.heartbeat._"),
            (#"{"post_type":"a.b"}"#, "7._._._"),
            (##"{"post_type":"message","message_type":"*","sub_type":"#"}"##, "7.message._._"),
            (#"{"post_type":"message","message_type":5,"sub_type":null}"#, "7.message._._"),
        ])
    func eventKey(_ frame: String, _ key: String) throws {
        guard case .event(let event) = BotFrame(parsing: ByteBuffer(string: frame)) else {
            Issue.record("\(frame) is no event")
            return
        }
        #expect(Exchanges.eventKey(event, of: SelfID(7)).text == key)
    }

    @Test("a key of no bot is none", arguments: ["", ".", "x.message", "+1.message", " 1.message"])
    func noBot(_ key: String) {
        #expect(Exchanges.bot(inEventKey: RoutingKey(key)) == nil)
    }

    @Test(
        "what an edge does with an event is told by its key",
        arguments: [
            ("7.meta_event.heartbeat._", .heartbeat), ("-7.meta_event.heartbeat.x", .heartbeat),
            (".meta_event.heartbeat._", .heartbeat), ("7.notice.event_gap._", .gap),
            ("7.notice.event_gap.x", .other), ("7.notice.event_gap", .other), ("7.notice.event_gaps._", .other),
            ("7.meta_event.heartbeat", .other), ("7.meta_event.lifecycle._", .other), ("7.message.heartbeat._", .other),
            ("7._.meta_event.heartbeat._", .other), ("7.m", .other), ("7.", .other), ("7", .other), ("", .other),
        ] as [(String, Exchanges.EventKind)])
    func eventKind(_ key: String, _ kind: Exchanges.EventKind) {
        #expect(Exchanges.kind(ofEventKey: RoutingKey(key)) == kind)
    }

    @Test("a gap's key is a notice's")
    func gapKey() {
        #expect(Exchanges.gapKey(SelfID(7)).text == "7.notice.event_gap._")
        #expect(Exchanges.kind(ofEventKey: Exchanges.gapKey(SelfID(7))) == .gap)
    }

    @Test("a word of a routing key has no dots, wildcards or anything that could be more than a word")
    func words() {
        for good in ["a", "A-z_09", String(repeating: "x", count: 48)] { #expect(Exchanges.isWord(good)) }
        for bad in ["", "a.b", "*", "#", "a b", "é", "a\n", String(repeating: "x", count: 49)] {
            #expect(!Exchanges.isWord(bad), "\(bad)")
        }
    }
}
