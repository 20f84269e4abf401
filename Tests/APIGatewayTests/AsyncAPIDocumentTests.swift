import Actions
import Bus
import Contracts
import Foundation
import NIOCore
import OneBot
import Testing
import Yams

/// docs/asyncapi.yaml describes what the code does. Tests/AsyncAPI/check.py tests that it is valid AsyncAPI.
@Suite("docs/asyncapi.yaml") struct AsyncAPIDocumentTests {
    private let exchanges = Exchanges()
    private let document: Node

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/asyncapi.yaml"), encoding: .utf8)
        document = try #require(try Yams.compose(yaml: text))
    }

    @Test("every public exchange is there with its type, and no internal one")
    func exchangesAreOurs() throws {
        var found: [String: String] = [:]
        for (name, channel) in try #require(document["channels"]?.mapping) {
            guard let binding = channel["bindings"]?["amqp"] else {
                #expect(name.string == "responses", "a channel without a binding")
                continue
            }
            #expect(binding["is"]?.string == "routingKey")
            let exchange = try #require(binding["exchange"])
            found[try #require(exchange["name"]?.string)] = exchange["type"]?.string
            #expect(exchange["durable"]?.bool == true)
            #expect(exchange["autoDelete"]?.bool == false)
        }
        let publicOnes = exchanges.all.filter { $0 != exchanges.rpc }
        #expect(found == Dictionary(uniqueKeysWithValues: publicOnes.map { ($0.name, $0.kind.rawValue) }))
    }

    @Test("each channel is at the exchange and the routing key that the code uses")
    func routingKeys() throws {
        let event = #"{"post_type":"message","message_type":"group","sub_type":"normal"}"#
        guard case .event(let event) = BotFrame(parsing: ByteBuffer(string: event)) else {
            Issue.record("It is an event.")
            return
        }
        let bot = SelfID(10001)
        let values = [
            "self_id": "10001", "post_type": "message", "detail": "group", "sub_type": "normal", "app_id": "x",
        ]
        let used: [(String, Exchange, RoutingKey)] = [
            ("events", exchanges.events, Exchanges.eventKey(event, of: bot)),
            ("botActions", exchanges.actions, Exchanges.actionKey(bot)),
            ("gatewayActions", exchanges.actions, Exchanges.gatewayKey),
            ("broadcasts", exchanges.broadcast, Exchanges.clientKey("x")),
            ("callbacks", exchanges.callback, Exchanges.clientKey("x")),
        ]
        for (name, exchange, key) in used {
            let channel = try #require(document["channels"]?[name], "no channel \(name)")
            #expect(channel["bindings"]?["amqp"]?["exchange"]?["name"]?.string == exchange.name)
            var address = try #require(channel["address"]?.string)
            for (parameter, value) in values { address = address.replacing("{\(parameter)}", with: value) }
            #expect(address == key.text)
        }
        #expect(document["channels"]?.mapping?.count == used.count + 2, "presence and responses, below")
    }

    @Test("the kinds of presence are the code's, and each is one of the channel's keys")
    func presence() throws {
        let kinds = Set(PresenceChange.Kind.allCases.map(\.rawValue))
        #expect(Set(try enumeration(schema("presenceChange")["properties"]?["kind"])) == kinds)
        let channel = try #require(document["channels"]?["presence"])
        #expect(channel["address"]?.string == "{subject}.{change}")
        let subjects = try enumeration(channel["parameters"]?["subject"])
        let changes = try enumeration(channel["parameters"]?["change"])
        let keys = Set(subjects.flatMap { subject in changes.map { "\(subject).\($0)" } })
        #expect(kinds.isSubset(of: keys))
        for kind in kinds { #expect(PresenceChange.patterns.contains { $0.matches(RoutingKey(kind)) }) }
    }

    @Test("the actions are the code's")
    func actions() throws {
        let own = try #require(schema("ownAction")["allOf"]?[1]?["properties"]?["action"])
        #expect(Set(try enumeration(own)) == Set(OwnAction.all.filter { $0.doors == .every }.map(\.name)))
        let described = try ["registerClient", "renewClient"].compactMap {
            try schema($0)["allOf"]?[1]?["properties"]?["action"]?["const"]?.string
        }
        #expect(Set(described) == Set(OwnAction.all.filter { $0.doors == .amqp }.map(\.name)))
    }

    @Test("what we send has the members that are described, and all that are required")
    func members() throws {
        let edge = EdgeAddress(edgeID: "e1", instance: "a")
        let client = OnlineClient(
            appID: "x", clientName: "n", role: .universal, transport: .websocket, edge: edge, sessionID: 1,
            selfID: SelfID(1), connectedAt: 1, remoteAddress: "127.0.0.1:1", group: "g",
            groupBots: [SelfID(1), SelfID(2)])
        let bot = OnlineBot(
            selfID: SelfID(1), edge: edge, epoch: 1, isOnline: true, configuredIndex: 0, isSupervised: false)
        let change = PresenceChange(
            kind: .clientOnline, registryEpoch: 1, sequence: 1, edge: edge, clients: [client], bots: [bot])
        try compare(try json(change), with: "presenceChange")
        try compare(try json(bot), with: "onlineBot")
        try compare(try json(edge), with: "edge")
        var described = try members(of: schema("client"))
        let more = try members(of: try #require(schema("onlineClient")["allOf"]?[1]))
        described.all.formUnion(more.all)
        described.required.formUnion(more.required)
        #expect(Set(try json(client).keys) == described.all)
        let bare = OnlineClient(
            appID: "x", clientName: nil, role: .universal, transport: .amqp, edge: nil, sessionID: 0, selfID: nil,
            connectedAt: 1, remoteAddress: "")
        #expect(Set(try json(bare).keys) == described.required)
        let message = DistributedMessage(
            uuid: "u", sender: client.client, targets: ["x"], data: ByteBuffer(string: #""d""#))
        try compare(try JSONObject(message.encoded), with: "distributed")
        let failed = Response.failed(.notFound, "m").encoded(echo: ByteBuffer(string: "1"))
        try compare(try JSONObject(failed), with: "response")
        let position = Response.failed(.rateLimited(retryAfter: .seconds(1), queuePosition: 1), "m").encoded(echo: nil)
        for described in [position, Response.failed(.timedOut(.unknown), "m").encoded(echo: nil)] {
            let data = try #require(JSONObject(described)["data"]?.object)
            #expect(Set(data.keys).isSubset(of: try members(of: schema("failure")).all))
            #expect(data.keys.contains("carried_out"))
        }
        let words = try enumeration(schema("failure")["properties"]?["carried_out"])
        #expect(words == [CarriedOut.no(), .unknown].map(\.word))
        let versions = try schema("headers")["properties"]?["x-perpetua-version"]?["const"]?.string
        #expect(versions == "1")
        let answers = try schema("responseHeaders")
        #expect(try members(of: answers).all == [AnswerPart.header])
        #expect(
            Set(try enumeration(answers["properties"]?[AnswerPart.header])) == Set(AnswerPart.allCases.map(\.rawValue)))
        let stamp = GroupStamp(chat: .none, owners: [])
        let headers = try members(of: schema("eventHeaders"))
        #expect(headers.all == Set(stamp.headers.keys))
    }

    private func schema(_ name: String) throws -> Node {
        try #require(document["components"]?["schemas"]?[name], "no schema \(name)")
    }

    private func enumeration(_ node: Node?) throws -> [String] {
        try #require(node?["enum"]?.sequence).compactMap(\.string)
    }

    private func members(of schema: Node) throws -> (all: Set<String>, required: Set<String>) {
        let all = try #require(schema["properties"]?.mapping).keys.compactMap(\.string)
        return (Set(all), Set((schema["required"]?.sequence ?? []).compactMap(\.string)))
    }

    /// Every member we may send is described, and a message with all its members has all that are described.
    private func compare(_ sent: JSONObject, with name: String) throws {
        let described = try members(of: schema(name))
        #expect(Set(sent.keys) == described.all, "\(name)")
        #expect(described.required.isSubset(of: described.all), "\(name)")
    }

    private func json(_ value: some Encodable) throws -> JSONObject {
        try JSONObject(ByteBuffer(bytes: try JSONEncoder().encode(value)))
    }
}
