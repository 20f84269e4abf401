import Actions
import NIOHTTP1
import OneBot
import SettingsReading
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("What a token chooses for who shows it")
struct TokenChoicesTests {
    private func settings(_ yaml: String) -> Settings { Settings(file: (name: "p.yaml", yaml: yaml)) }

    /// The upgrade of a client that shows this token, on top of everybody's choices.
    private func upgrade(
        _ token: String, _ query: [(String, String)] = [], by configuration: WSEdgeConfiguration
    ) throws -> ClientUpgrade {
        let request = UpgradeRequest(
            path: "/", query: query.map { (name: $0.0, value: $0.1) }, headers: ["Authorization": "Bearer \(token)"],
            remoteAddress: "127.0.0.1:1")
        return try ClientUpgrade(
            request, tokens: configuration.door.tokens.value, defaults: configuration.door.choices,
            chosen: configuration.door.tokenChoices.value)
    }

    private static let yaml = """
        access_token: master
        client_status: self
        client: {post_types: [message], group_ids: [1], meta_events: false}
        tokens:
          - {name: plain, token: pl4in}
          - name: choosy
            token: ch00sy
            self_ids: [10001, 10002]
            group_ids: [2, 3]
            user_ids: []
            message_format: array
            heartbeat_interval: 10s
            meta_events: true
            client_status: none
            group: workers
            priority: 7
        """

    @Test("a token's choices outweigh those of everybody, key by key; one without any changes nothing")
    func token() throws {
        let settings = settings(Self.yaml)
        let configuration = WSEdgeConfiguration(settings)
        #expect(settings.problems.map(\.description) == [])
        let choosy = try upgrade("ch00sy", by: configuration)
        #expect(choosy.choices.filter.postTypes == ["message"])
        #expect(choosy.choices.filter.groupIDs == [2, 3])
        #expect(choosy.choices.filter.selfIDs.isEmpty, "self_ids is the scope")
        #expect(choosy.scope.bots == [SelfID(10001), SelfID(10002)])
        #expect(choosy.choices.messageFormat == .array)
        #expect(choosy.choices.heartbeatInterval == .seconds(10))
        #expect(choosy.choices.metaEvents)
        #expect(choosy.choices.clientStatus == ClientStatusAudience.none)
        #expect(choosy.group == "workers")
        #expect(choosy.priority == 7)
        for token in ["master", "pl4in"] {
            #expect(try upgrade(token, by: configuration).choices == configuration.door.choices)
            #expect(try upgrade(token, by: configuration).group == nil)
        }
    }

    @Test("the query outweighs the token, key by key, and may take a list or a format away")
    func query() throws {
        let configuration = WSEdgeConfiguration(settings(Self.yaml))
        let query = [
            ("group_ids", ""), ("message_format", ""), ("client_status", "all"), ("group", "others"), ("priority", "0"),
            ("self_ids", "10002"),
        ]
        let choosy = try upgrade("ch00sy", query, by: configuration)
        #expect(choosy.choices.filter.groupIDs.isEmpty)
        #expect(choosy.choices.filter.selfIDs == [SelfID(10002)])
        #expect(choosy.choices.messageFormat == nil)
        #expect(choosy.choices.clientStatus == .all)
        #expect(choosy.choices.heartbeatInterval == .seconds(10))
        #expect(choosy.group == "others")
        #expect(choosy.priority == 0)
    }

    @Test("they follow the settings, each other setting of everybody stays, and new connections get them")
    func followed() throws {
        let running = settings(Self.yaml)
        let configuration = WSEdgeConfiguration(running)
        let before = try upgrade("ch00sy", by: configuration)
        let newer = settings(
            Self.yaml.replacing("group_ids: [2, 3]", with: "group_ids: [4]")
                .replacing("meta_events: false", with: "meta_events: true")
                .replacing("post_types: [message]", with: "post_types: [notice]"))
        _ = WSEdgeConfiguration(newer)
        #expect(
            running.adopt(newer)
                == .adopted(changed: ["tokens[1].group_ids"], pending: ["client.meta_events", "client.post_types"]))
        let after = try upgrade("ch00sy", by: configuration)
        #expect(before.choices.filter.groupIDs == [2, 3])
        #expect(after.choices.filter.groupIDs == [4])
        #expect(after.choices.filter.postTypes == ["message"], "what is for everybody waits for a restart")
        #expect(try upgrade("pl4in", by: configuration).choices == configuration.door.choices)
    }

    @Test(
        "a choice that makes no sense is reported with its key",
        arguments: [
            ("post_types", "[mesage]"), ("group_ids", "[1, a]"), ("exclude_user_ids", "[-1]"), ("message_format", "cq"),
            ("message_sent_as", "x"), ("meta_events", "perhaps"),
            ("heartbeat_interval", "10ms"), ("client_status", "some"), ("group", "a/b"), ("priority", "10"),
        ])
    func reported(key: String, value: String) {
        let settings = settings("tokens: [{name: a, token: b, \(key): \(value)}]")
        _ = WSEdgeConfiguration(settings)
        #expect(settings.problems.map(\.key) == ["tokens[0].\(key)"])
        let running = self.settings("tokens: [{name: a, token: b}]")
        _ = WSEdgeConfiguration(running)
        guard case .refused(let problems) = running.adopt(settings) else {
            Issue.record("It was adopted")
            return
        }
        #expect(problems.map(\.key) == ["tokens[0].\(key)"])
    }
}
